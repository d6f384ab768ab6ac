import yargs, { type Argv } from 'yargs';
import type { Action, Command } from './command.js';
import { annotateCommand } from './commands/annotate.js';
import { exportCommand } from './commands/export.js';
import { gapsCommand } from './commands/gaps.js';
import { podCommand } from './commands/pod.js';
import { statusCommand } from './commands/status.js';
import { whoCommand } from './commands/who.js';
import { workloadsCommand } from './commands/workloads.js';
import { withMonitor } from './connection.js';
import { CliError, EXIT, type ExitCode } from './exit.js';
import { type Terminal, visible } from './terminal.js';
import { readVersion } from './version.js';

const COMMANDS: readonly Command[] = [
  whoCommand,
  podCommand,
  annotateCommand,
  exportCommand,
  gapsCommand,
  workloadsCommand,
  statusCommand,
];

const EPILOGUE = [
  'The monitor is the one of --url or PODIPS_URL, else http://127.0.0.1:8080, with the user and password of PODIPS_USER and PODIPS_PASSWORD. With --context or --namespace it is that of a cluster, through kubectl port-forward.',
  'Exit codes: 0 found, 1 no pod had it, 2 not known, 3 the command or a file is wrong, 4 the monitor cannot be reached or its answer is not complete.',
].join('\n\n');

/** Runs a command line. @returns its exit code; errors are written to standard error, as the last words */
export async function runPodips(
  args: readonly string[],
  terminal: Terminal & { readonly isPlugin: boolean },
): Promise<ExitCode> {
  try {
    const chosen = await parse(args, terminal);
    if (chosen === undefined) return EXIT.found;
    const { action, options } = chosen;
    return await withMonitor({ ...options, isPlugin: terminal.isPlugin }, terminal, (client) =>
      action(client, terminal),
    );
  } catch (err) {
    if (terminal.signal.aborted) return EXIT.unreachable;
    // It may have names of columns in it, which are of a file from anywhere.
    terminal.stderr.write(`podips: ${visible(err instanceof Error ? err.message : String(err))}\n`);
    return err instanceof CliError ? err.code : EXIT.unreachable;
  }
}

type Options = Omit<Parameters<typeof withMonitor>[0], 'isPlugin'>;

interface Chosen {
  readonly action: Action;
  readonly options: Options;
}

/** @returns undefined when help, version or the completion was asked for, which is written @throws {CliError} */
async function parse(args: readonly string[], { stdout }: Terminal): Promise<Chosen | undefined> {
  let action: Action | undefined;
  let failure: string | undefined;
  const parser = COMMANDS.reduce<Argv<Options>>(
    (each, command) => command((chosen) => (action = chosen), each),
    withCommonOptions(yargs()),
  ).fail((message, err) => {
    failure ??= message ?? err?.message ?? 'the command is wrong';
  });
  let output = '';
  const options = await parser.parseAsync([...args], {}, (_err: unknown, _argv: unknown, text: string) => {
    output = text;
  });
  if (failure !== undefined) throw new CliError(EXIT.usage, `${failure} (podips --help)`);
  refuseEmpty(options);
  if (action !== undefined) return { action, options };
  stdout.write(output === '' ? '' : `${output}\n`);
  return undefined;
}

/** @throws {CliError} for an option without a value: of a script whose variable is not set, which would ask about now */
function refuseEmpty(options: object): void {
  for (const [name, value] of Object.entries(options))
    if (value === '' && name === name.toLowerCase())
      throw new CliError(EXIT.usage, `${name}: it is empty; leave it out, or give a value`);
}

function withCommonOptions(parser: Argv): Argv<Options> {
  return parser
    .scriptName('podips')
    .locale('en')
    .parserConfiguration({ 'greedy-arrays': false })
    .usage('$0 <command>\n\nWhose an IP address was, in Kubernetes, at a time.')
    .options({
      url: { type: 'string', describe: 'the address of the monitor', group: 'Monitor:', requiresArg: true },
      user: { type: 'string', describe: 'its user', group: 'Monitor:', requiresArg: true },
      'password-file': {
        type: 'string',
        describe: 'a file with the password',
        group: 'Monitor:',
        requiresArg: true,
      },
      'ca-file': {
        type: 'string',
        describe: 'authorities for its TLS certificate, PEM',
        group: 'Monitor:',
        requiresArg: true,
      },
      context: {
        type: 'string',
        describe: 'a context of kubectl: its cluster is asked',
        group: 'Monitor:',
        requiresArg: true,
      },
      namespace: {
        type: 'string',
        alias: 'n',
        describe: 'where podips is installed in that cluster; podips without it',
        group: 'Monitor:',
        requiresArg: true,
      },
    })
    .completion(
      'completion',
      'Print a script that completes commands in bash or zsh: source <(podips completion)',
    )
    .demandCommand(1, 'which command?')
    .strict()
    .recommendCommands()
    .help()
    .alias('help', 'h')
    .version(readVersion())
    .wrap(110)
    .epilogue(EPILOGUE);
}
