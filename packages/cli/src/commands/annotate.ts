import { open } from 'node:fs/promises';
import {
  AnnotateError,
  type AnnotateOptions,
  createAnnotation,
  FORMAT_NAMES,
  type Instant,
  parseInstant,
  parseZone,
  type Zone,
} from '@podips/annotate';
import { askMonitor } from '../ask-monitor.js';
import type { Command } from '../command.js';
import { CliError, EXIT, type ExitCode } from '../exit.js';
import { describeFileError } from '../file-error.js';
import type { MonitorClient } from '../monitor-client.js';
import { writeTo } from '../output.js';
import { startProgress } from '../progress.js';
import { describeSummary } from '../summary.js';
import type { Terminal } from '../terminal.js';

interface Arguments {
  readonly file: string | undefined;
  readonly format: AnnotateOptions['format'];
  readonly ip: readonly string[] | undefined;
  readonly time: string | undefined;
  readonly timeFormat: string | undefined;
  readonly tz: string;
  readonly at: string | undefined;
  readonly skew: string;
  readonly cluster: string | undefined;
  readonly output: string | undefined;
  readonly json: boolean;
}

/** `podips annotate firewall.csv > annotated.csv` */
export const annotateCommand: Command = (choose, parser) =>
  parser.command(
    'annotate [file]',
    'Add to each line of a log file which pods had its addresses',
    (each) =>
      each
        .positional('file', {
          type: 'string',
          describe: 'compressed with gzip or not; standard input without it',
        })
        .options({
          ip: {
            type: 'string',
            array: true,
            requiresArg: true,
            describe: 'columns of addresses, by name or number',
          },
          time: {
            type: 'string',
            requiresArg: true,
            describe: 'the column of the time; date,time when they are apart',
          },
          'time-format': {
            type: 'string',
            requiresArg: true,
            describe: 'how it is written, such as "dd/MM/yyyy HH:mm:ss"',
          },
          tz: {
            type: 'string',
            default: 'UTC',
            requiresArg: true,
            describe: 'the zone of times that name none: Europe/Berlin',
          },
          at: {
            type: 'string',
            requiresArg: true,
            describe: 'the time of all lines, where they have none of their own',
          },
          format: { choices: FORMAT_NAMES, requiresArg: true, describe: 'detected without it' },
          skew: {
            type: 'string',
            default: '1s',
            requiresArg: true,
            describe: 'how far the clock of the log may be off',
          },
          cluster: {
            type: 'string',
            requiresArg: true,
            describe: 'only this one of the clusters that share the database',
          },
          output: {
            type: 'string',
            alias: 'o',
            requiresArg: true,
            describe: 'a file; standard output without it',
          },
          json: { type: 'boolean', default: false, describe: 'the summary, on standard error, as JSON' },
        })
        .example('$0 annotate firewall.csv > annotated.csv', '')
        .example('kubectl logs deploy/ingress | $0 annotate --tz Europe/Berlin', ''),
    (given) => choose((client, terminal) => annotate(given, client, terminal)),
  );

async function annotate(given: Arguments, client: MonitorClient, terminal: Terminal): Promise<ExitCode> {
  const { stderr, now } = terminal;
  const source = await openSource(given.file, terminal);
  const annotation = createAnnotation({
    ask: askMonitor(client, { skew: given.skew, cluster: given.cluster }),
    format: given.format,
    ip: given.ip?.flatMap((names) => names.split(',')),
    time: given.time?.split(','),
    timeFormat: given.timeFormat,
    ...timesOf(given, now()),
    nowMs: now(),
  });
  const { summary } = annotation;
  const progress = startProgress({ stderr, now, lines: () => summary.lines, ...source });
  const writeSummary = () =>
    stderr.write(given.json ? `${JSON.stringify(toJson(summary))}\n` : describeSummary(summary));
  try {
    await writeTo(given.output, annotation.run(source.bytes), terminal);
  } catch (err) {
    progress.stop();
    if (summary.format !== undefined && !terminal.signal.aborted) writeSummary();
    throw explained(err, summary.lines);
  }
  progress.stop();
  writeSummary();
  return EXIT.found;
}

function timesOf(
  { tz, at }: Arguments,
  nowMs: number,
): { readonly zone: Zone; readonly at: Instant | undefined } {
  const zone = parseZone(tz);
  if (zone === undefined)
    throw new CliError(
      EXIT.usage,
      `--tz: there is no time zone ${JSON.stringify(tz)}; give one such as Europe/Berlin, UTC or +01:00`,
    );
  if (at === undefined) return { zone, at: undefined };
  const instant = at === 'now' ? { ms: nowMs, precisionMs: 1 } : parseInstant(at, nowMs, zone);
  if (instant === undefined)
    throw new CliError(
      EXIT.usage,
      `--at: ${JSON.stringify(at)} is no time that can be read; give one such as 2026-01-31 14:05`,
    );
  return { zone, at: instant };
}

interface Source {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly readBytes: () => number;
  readonly totalBytes: number | undefined;
}

async function openSource(file: string | undefined, { stdin }: Terminal): Promise<Source> {
  if (file === undefined || file === '-') {
    if (stdin.isTTY) throw new CliError(EXIT.usage, 'name a file, or pipe one to standard input');
    return { bytes: stdin, readBytes: () => 0, totalBytes: undefined };
  }
  try {
    // What may not be read is known before anything is written.
    const handle = await open(file);
    const found = await handle.stat();
    if (found.isDirectory()) throw new CliError(EXIT.usage, `${file}: is a directory`);
    const stream = handle.createReadStream();
    const totalBytes = found.isFile() ? found.size : undefined;
    return { bytes: stream, readBytes: () => stream.bytesRead, totalBytes };
  } catch (err) {
    if (err instanceof CliError) throw err;
    throw new CliError(EXIT.usage, describeFileError(file, err), { cause: err });
  }
}

/** What ended the output early is its last word; whatever it was, the output is not complete then. */
function explained(err: unknown, lines: number): unknown {
  const message = err instanceof Error ? err.message : String(err);
  if (lines > 0)
    return new CliError(EXIT.unreachable, `the output ends after line ${lines}: ${message}`, { cause: err });
  if (err instanceof CliError) return err;
  const isOfInput = err instanceof AnnotateError && err.code === 'input';
  return new CliError(isOfInput ? EXIT.usage : EXIT.unreachable, message, { cause: err });
}

function toJson({ format, ...counts }: ReturnType<typeof createAnnotation>['summary']): object {
  const { name, addresses, time } = format ?? { name: '', addresses: [], time: '' };
  return { format: name, columns: { addresses, time }, ...counts };
}
