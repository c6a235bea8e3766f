DROP TRIGGER projects_touch_updated_at ON projects;
DROP FUNCTION touch_updated_at();
DROP POLICY projects_by_account ON projects;
ALTER TABLE projects NO FORCE ROW LEVEL SECURITY;
ALTER TABLE projects DISABLE ROW LEVEL SECURITY;
