import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ChildProgram } from '@podips/simulation';

const TICKS_PER_SECOND = 100;
const BYTES_PER_KIB = 1_024;

type Usage = Pick<ChildProgram, 'pid'>;

const proc = ({ pid }: Usage, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8');

/** Bytes of its resident set: now (`VmRSS`), or at the most so far (`VmHWM`). */
export async function residentBytes(process: Usage, which: 'VmHWM' | 'VmRSS'): Promise<number> {
  const kib = new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(await proc(process, 'status'))?.[1];
  return Number(kib) * BYTES_PER_KIB;
}

/** Bytes of its proportional set: of a page that several processes share, each has its part. */
export async function proportionalBytes(process: Usage): Promise<number> {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(await proc(process, 'smaps_rollup'))?.[1];
  return Number(kib) * BYTES_PER_KIB;
}

/** The largest resident set is counted from now on. */
export function resetPeak({ pid }: Usage): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** Seconds of a processor, since its start. */
export async function cpuSeconds(process: Usage): Promise<number> {
  const fields = (await proc(process, 'stat')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** How often its threads have gone to sleep, and so were woken, since its start. */
export async function voluntarySwitches(process: Usage): Promise<number> {
  const threads = await readdir(`/proc/${process.pid}/task`);
  const counts = threads.map(async (thread) => {
    const status = await proc(process, `task/${thread}/status`);
    return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
