import type { Argv } from 'yargs';
import type { ExitCode } from './exit.js';
import type { MonitorClient } from './monitor-client.js';
import type { Terminal } from './terminal.js';

/** What a command does. */
export type Action = (client: MonitorClient, terminal: Terminal) => Promise<ExitCode>;

/** Describes a command to the parser. @param choose is called with what it does, when it is the one that was given */
export type Command = <T>(choose: (action: Action) => void, parser: Argv<T>) => Argv<T>;

/** For programs: the answer as the monitor gave it. */
export const JSON_OPTION = { type: 'boolean', default: false, describe: 'print JSON' } as const;
