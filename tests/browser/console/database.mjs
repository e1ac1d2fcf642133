// The database of the demo, for states that take minutes or days otherwise: a mail or a delivery that failed for good, and a
// confirmation that is too old.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const PROGRAM = `
import json, sqlite3, sys
file, statement, values = sys.argv[1:]
with sqlite3.connect(file, timeout=30) as database:
    print(database.execute(statement, json.loads(values)).rowcount)
`;

/** Runs a statement that has to change a row. */
function change(play, statement, ...values) {
  const file = path.join(path.dirname(play.mails), 'patron.db');
  const changed = execFileSync('python3', ['-c', PROGRAM, file, statement, JSON.stringify(values)], { encoding: 'utf8' });
  assert.notEqual(changed.trim(), '0', `no row was changed: ${statement}`);
}
const bytes = (uuid) => uuid.replaceAll('-', '').toUpperCase();

/** Makes it too long ago that an admin entered a code in its sessions. */
export const forgetStepUp = (play, { uuid }) =>
  change(
    play,
    'UPDATE admin_session SET stepped_up_at = NULL WHERE admin_user_id IN (SELECT admin_user_id FROM admin_user WHERE hex(uuid) = ?)',
    bytes(uuid),
  );
/** Makes a mail fail for good. */
export const failMail = (play, uuid, reason) =>
  change(play, "UPDATE mail SET status = 'failed', attempts = 9, last_error = ? WHERE hex(uuid) = ?", reason, bytes(uuid));
/** Makes a delivery of a webhook fail for good. */
export const failDelivery = (play, uuid, reason) =>
  change(play, "UPDATE webhook_delivery SET status = 'parked', attempts = 12, last_error = ? WHERE hex(uuid) = ?", reason, bytes(uuid));
