// Stands in for kubectl: writes down each call, and answers by the first rule that fits.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dir = process.env.FAKE_KUBECTL_DIR;
const calls = join(dir, 'calls');
const all = process.argv.slice(2);
const context = all[0] === '--context' ? all[1] : undefined;
const args = context === undefined ? all : all.slice(2);
const command = args.join(' ');
const input = readFileSync(0, 'utf8');

const earlier = readdirSync(calls)
  .sort()
  .map((name) => JSON.parse(readFileSync(join(calls, name), 'utf8')));
const usedUp = (rule, index) =>
  rule.times !== undefined && earlier.filter((call) => call.rule === index).length >= rule.times;
const rules = JSON.parse(readFileSync(join(dir, 'rules.json'), 'utf8'));
const index = rules.findIndex((rule, n) => new RegExp(rule.match).test(command) && !usedUp(rule, n));
// Each call in a file of its own, named by its time, that is there once it is whole: some are made side by side.
const file = `${String(process.hrtime.bigint()).padStart(20, '0')}-${process.pid}.json`;
writeFileSync(join(dir, file), JSON.stringify({ context, args, command, input, rule: index }));
renameSync(join(dir, file), join(calls, file));

const nothing = { code: 1, stderr: `no rule for: kubectl ${command}` };
const { stdout = '', stderr = '', code = 0 } = rules[index] ?? nothing;
const job = earlier.findLast((call) => call.command.startsWith('create job'))?.args[2] ?? 'none';
process.stdout.write(stdout.replaceAll('{{job}}', job));
process.stderr.write(stderr);
process.exitCode = code;
