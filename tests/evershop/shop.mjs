// Loads modules of the installed EverShop. Run the scripts in the folder that has its node_modules.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const resolve = createRequire(path.join(process.cwd(), 'resolve.js')).resolve;
const root = path.dirname(resolve('@evershop/evershop/package.json'));

/** Imports a file of EverShop's compiled code, such as `bin/lib/app.js`. */
export const load = (file) => import(pathToFileURL(path.join(root, 'dist', file)).href);
