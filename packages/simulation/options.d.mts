import type { FlagValues, ProgramText } from '../shared/flags.d.mts';

interface LocalFlags {
  readonly chaos: { readonly type: 'boolean'; readonly desc: string };
  readonly calm: { readonly type: 'boolean'; readonly desc: string };
  readonly rate: Whole;
  readonly seed: Whole;
  readonly port: Whole;
}
/** `npm start` */
export declare const localAbout: ProgramText;
/** `npm run torture` */
export declare const tortureAbout: ProgramText & {
  readonly flags: {
    readonly minutes: { readonly type: 'number'; readonly default: number; readonly desc: string };
    readonly seed: Whole;
  };
};

interface Whole {
  readonly type: 'whole';
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly desc: string;
}

/** What the local run needs to know, and all that is wrong with it, so that nothing is started, or installed, in vain. */
export declare function readLocalOptions(
  args: readonly string[],
): Promise<{ readonly values: FlagValues<LocalFlags>; readonly problems: readonly string[] }>;

/** That a server cannot listen on a port, by the code of its error, and which one can be chosen. */
export declare function describePort(port: number, code: string): Promise<string>;
