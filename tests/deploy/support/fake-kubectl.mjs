// Stands in for kubectl: writes down each call, and answers by the first rule that fits.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const dir = process.env.FAKE_KUBECTL_DIR;
const calls = join(dir, 'calls.jsonl');
const all = process.argv.slice(2);
const context = all[0] === '--context' ? all[1] : undefined;
const args = context === undefined ? all : all.slice(2);
const command = args.join(' ');
const input = readFileSync(0, 'utf8');

const earlier = readFileSync(calls, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const usedUp = (rule, index) =>
  rule.times !== undefined && earlier.filter((call) => call.rule === index).length >= rule.times;
const rules = JSON.parse(readFileSync(join(dir, 'rules.json'), 'utf8'));
const index = rules.findIndex((rule, n) => new RegExp(rule.match).test(command) && !usedUp(rule, n));
appendFileSync(calls, `${JSON.stringify({ context, args, command, input, rule: index })}\n`);

const nothing = { code: 1, stderr: `no rule for: kubectl ${command}` };
const { stdout = '', stderr = '', code = 0 } = rules[index] ?? nothing;
const job = earlier.findLast((call) => call.command.startsWith('create job'))?.args[2] ?? 'none';
process.stdout.write(stdout.replaceAll('{{job}}', job));
process.stderr.write(stderr);
process.exitCode = code;
