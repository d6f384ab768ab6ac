// Loaded into a service before its own code: SIGUSR2 makes its clock jump to what stands in the file CLOCK_FILE,
// in milliseconds from the real time. Timers and the monotonic clock continue, as in a real jump.
import { existsSync, readFileSync } from 'node:fs';

const RealDate = globalThis.Date;
const file = process.env.CLOCK_FILE;
let offsetMs = 0;

const read = () => {
  offsetMs = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
};

globalThis.Date = class JumpingDate extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on('SIGUSR2', read);
read();
