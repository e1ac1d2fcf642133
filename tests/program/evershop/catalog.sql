-- The schema as lines of text: columns with their types and defaults, constraints, indexes, triggers, functions, types, extensions.
WITH relation AS (
    SELECT oid, relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v', 'S')
)
SELECT format('column %s.%s %s, not null %s, identity %s, default %s', r.relname, a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) AS line
FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
UNION ALL
-- PostgreSQL 18 lists NOT NULL as constraints as well.
SELECT format('constraint %s.%s %s, valid %s', r.relname, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid WHERE c.contype <> 'n'
UNION ALL
SELECT format('index of %s: %s, valid %s', r.relname, pg_get_indexdef(i.indexrelid), i.indisvalid)
FROM relation r JOIN pg_index i ON i.indrelid = r.oid
UNION ALL
SELECT format('trigger of %s: %s, enabled %s', r.relname, pg_get_triggerdef(t.oid), t.tgenabled)
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('function %s: %s', oid::regprocedure, pg_get_functiondef(oid))
FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prokind IN ('f', 'p')
UNION ALL
SELECT format('type %s: %s %s', enumtypid::regtype, enumsortorder, enumlabel) FROM pg_enum
UNION ALL
SELECT format('extension %s', extname) FROM pg_extension
ORDER BY line
