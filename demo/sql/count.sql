-- How many rows a table has; nothing where there is no such table.
SELECT to_regclass(:'table') IS NOT NULL AS there \gset
\if :there
SELECT count(*) FROM :"table";
\endif
