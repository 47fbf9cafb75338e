// Stands in for the compiled `sluice` command in tests of the load test itself: `up` answers orders as the
// gateway does and drains them at the cap, without any of the services. Its faults are set by environment:
// STAND_IN_FAULT=audit makes the audit fail, =start ends `up` at once, =stuck never drains. STAND_IN_OPS names an
// instance to a command, as the URLs of its servers do for the real one.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [command, ...args] = process.argv.slice(2);
const fault = process.env.STAND_IN_FAULT;

if (command === 'up') await up();
else await call(command, args);

async function call(name, rest) {
  const opsUrl = process.env.STAND_IN_OPS ?? JSON.parse(readFileSync('.sluice/run.json', 'utf8')).opsUrl;
  const file = name === 'sale' && rest[0] === 'apply' ? readFileSync(rest[1], 'utf8') : undefined;
  const body = JSON.stringify({ name, rest, file });
  const response = await fetch(`${opsUrl}/command`, { method: 'POST', body });
  process.stdout.write(await response.text());
  process.exitCode = response.ok ? 0 : 1;
}

async function up() {
  if (fault === 'start') process.exit(3);
  const sales = new Map();
  const commands = [];
  let cap = 2_000;
  let waiting = 0;
  let drained = 0;
  setInterval(() => {
    const batch = fault === 'stuck' ? 0 : Math.min(waiting, cap / 20);
    waiting -= batch;
    drained += batch;
  }, 50);

  const gateway = createServer(async (request, response) => {
    const saleId = /^\/sales\/([^/]+)\/orders$/.exec(request.url)?.[1];
    if (saleId === undefined) return response.end('{}');
    const order = JSON.parse(await text(request));
    const sale = sales.get(saleId);
    if (sale.seen.has(order.transactionId)) {
      return response.writeHead(202, { 'Idempotent-Replayed': 'true' }).end('{}');
    }
    if (sale.stock[order.sku] < order.quantity) return response.writeHead(409).end('{}');
    sale.stock[order.sku] -= order.quantity;
    sale.seen.add(order.transactionId);
    waiting += 1;
    response.writeHead(202).end('{}');
  });

  const ops = createServer(async (request, response) => {
    if (request.url === '/metrics') {
      return response.end(
        `sluice_orders_waiting ${waiting}\nsluice_drain_cap_orders_per_second{reason="configured"} ${cap}\n` +
          `sluice_drained_orders_total{outcome="confirmed"} ${drained}\nsluice_backlog_drain_seconds ${waiting / cap}\n`,
      );
    }
    if (request.url === '/commands') return response.end(JSON.stringify(commands));
    if (request.url !== '/command') return response.writeHead(404).end();
    const { name, rest, file } = JSON.parse(await text(request));
    commands.push([name, ...rest.filter((word) => !word.includes('/'))].join(' '));
    if (name === 'cap') cap = Number(rest[0]);
    if (name === 'sale' && rest[0] === 'apply') {
      const { saleId, items } = JSON.parse(file);
      sales.set(saleId, {
        seen: new Set(),
        stock: Object.fromEntries(items.map((item) => [item.sku, item.stock])),
      });
    }
    if (name !== 'audit') return response.end('ok');
    const lines = readFileSync(rest[rest.indexOf('--log') + 1], 'utf8')
      .trim()
      .split('\n').length;
    const report = {
      lines,
      accepted: sales.get(rest[2]).seen.size,
      cap: { busiestSecondOrders: cap, capUsedRatio: 0.99 },
    };
    response.writeHead(fault === 'audit' ? 500 : 200).end(JSON.stringify(report));
  });

  const urls = [];
  for (const server of [gateway, ops]) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    urls.push(`http://127.0.0.1:${server.address().port}`);
  }
  const [gatewayUrl, opsUrl] = urls;
  const processes = ['gateway', 'drainer'].map((role) => ({
    role,
    pid: process.pid,
    metricsUrl: `${opsUrl}/metrics`,
  }));
  mkdirSync('.sluice', { recursive: true });
  writeFileSync(
    '.sluice/run.json',
    JSON.stringify({ gatewayUrl, opsUrl, adminToken: 'x', processes, services: [] }),
  );
  process.on('SIGINT', () => {
    rmSync('.sluice/run.json', { force: true });
    process.exit(0);
  });
}

async function text(request) {
  let all = '';
  for await (const chunk of request) all += chunk;
  return all;
}
