// Creates the shop's schema with EverShop's own migrations, and an admin: without a build, and without a server.
//
//   node migrate.mjs EMAIL PASSWORD      the database is in DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME
import { load } from './shop.mjs';

const [email, password] = process.argv.slice(2);
const { migrate } = await load('bin/lib/bootstrap/migrate.js');
const { getCoreModules } = await load('bin/lib/loadModules.js');
const { hashPassword } = await load('lib/util/passwordHelper.js');
const { pool } = await load('lib/postgres/connection.js');

await migrate(getCoreModules());
// A failed migration ends the process with the exit code 0, before this line.
await pool.query('INSERT INTO admin_user (full_name, email, password) VALUES ($1, $2, $3)', [
  'Ann Admin',
  email,
  hashPassword(password)
]);
console.log('migrated');
process.exit(0);
