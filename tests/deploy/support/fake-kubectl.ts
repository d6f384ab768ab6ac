import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

/** How the fake kubectl answers a command that matches. */
export interface Rule {
  /** A regular expression for the arguments, without the context. */
  readonly match: string;
  /** A part of what is given by standard input. */
  readonly input?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** Holds only so often; then the next rule that fits. */
  readonly times?: number;
}

export interface Call {
  readonly context?: string;
  readonly args: readonly string[];
  readonly command: string;
  readonly input: string;
}

export interface FakeKubectl extends AsyncDisposable {
  /** In the order in which they came. */
  readonly calls: readonly Call[];
}

/** Hands its arguments and its input to the test, and is what that answers: many calls of Node would take their time. */
const script = (port: number) => `#!/bin/bash
input=$(cat; printf x)
exec 3<>/dev/tcp/127.0.0.1/${port}
printf '%s\\0' "$#" "$@" "\${input%x}" >&3
IFS= read -r -d '' code <&3
IFS= read -r -d '' stderr <&3
cat <&3
printf '%s' "$stderr" >&2
exit "$code"
`;

/** Puts a kubectl in the folder that answers each call by the first rule that fits. */
export async function startFakeKubectl(dir: string, rules: readonly Rule[]): Promise<FakeKubectl> {
  const calls: Call[] = [];
  const used = new Map<Rule, number>();
  const answer = (call: Call): string => {
    calls.push(call);
    const rule = rules.find(
      (each) =>
        new RegExp(each.match).test(call.command) &&
        call.input.includes(each.input ?? '') &&
        (used.get(each) ?? 0) < (each.times ?? Number.POSITIVE_INFINITY),
    );
    if (rule === undefined) return `1\0no rule for: kubectl ${call.command}\0`;
    used.set(rule, (used.get(rule) ?? 0) + 1);
    const job = calls.findLast(({ command }) => command.startsWith('create job'))?.args[2] ?? 'none';
    const { code = 0, stderr = '', stdout = '' } = rule;
    return `${code}\0${stderr}\0${stdout.replaceAll('{{job}}', job)}`;
  };
  const server = createServer((socket) => serve(socket, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  writeFileSync(`${dir}/kubectl`, script(port));
  chmodSync(`${dir}/kubectl`, 0o755);
  return {
    calls,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(socket: Socket, answer: (call: Call) => string): void {
  let received = '';
  socket.setEncoding('utf8');
  // One that is killed in the middle of a call.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received += chunk;
    const [count, ...rest] = received.split('\0');
    // The arguments, the input, and what stands after the last zero.
    if (rest.length < Number(count) + 2) return;
    const all = rest.slice(0, Number(count));
    const [first, context, ...others] = all;
    const named = first === '--context' && context !== undefined;
    const args = named ? others : all;
    const input = rest[Number(count)] ?? '';
    socket.end(answer({ ...(named ? { context } : {}), args, command: args.join(' '), input }));
  });
}
