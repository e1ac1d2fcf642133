// A receiver of webhooks on this machine. The server has to run with PATRON_WEBHOOK_NETWORKS=127.0.0.0/8.
import { createHmac } from 'node:crypto';
import http from 'node:http';

/** Starts one that responds with `status`, and keeps what it `received`. */
export async function startReceiver() {
  const received = [];
  const receiver = { received, status: 200 };
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    received.push({ headers: request.headers, body });
    response.writeHead(receiver.status).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${server.address().port}/customers`;
  // The test ends without it after a failure.
  server.unref();
  receiver.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return receiver;
}

/** Whether a delivery is signed with this secret, as Standard Webhooks specifies. */
export function isSigned({ headers, body }, secret) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const signature = createHmac('sha256', key).update(signed).digest('base64');
  return headers['webhook-signature'].split(' ').includes(`v1,${signature}`);
}
