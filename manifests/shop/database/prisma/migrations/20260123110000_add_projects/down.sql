-- Orders stay; which project they belonged to is lost with the projects.
ALTER TABLE "orders" DROP COLUMN "project_id";
DROP TABLE "projects";
