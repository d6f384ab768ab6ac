// Checks before anything is installed: each reason why it cannot work is reported at once, in one sentence.
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Folders that this user needs to write to. */
const PLACES = {
  temporary: tmpdir(),
  /** npm passes it to its scripts. */
  cache: process.env.npm_config_cache || join(homedir(), '.npm'),
};

/** One sentence for each reason why nothing can be installed or run from this folder; none when it can. */
export function findProblems(root, places = PLACES) {
  const problems = [];
  if (!isWritable(places.temporary))
    problems.push(
      `this user cannot write to ${places.temporary}: set TMPDIR to a folder for temporary files`,
    );
  if (!isReadOnly(root) && !canBeWritten(places.cache))
    problems.push(
      `this user cannot write to ${places.cache}, where npm keeps what it fetches: set HOME to another folder`,
    );
  if (isReadOnly(root) && !isInstalled(root))
    problems.push(
      `this user cannot write to ${root}, where packages are missing: use a copy, or run it as its owner first`,
    );
  return problems;
}

/** Whether nothing can be installed or built there. What is already installed and built runs nevertheless. */
export function isReadOnly(root) {
  return !isWritable(root) || !canBeWritten(join(root, 'node_modules'));
}

function isWritable(dir) {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return statSync(dir).isDirectory();
  } catch {
    return false; // missing, read-only or closed to this user
  }
}

/** Whether the folder exists and is writable, or can be created. */
function canBeWritten(dir) {
  return existsSync(dir) || dirname(dir) === dir ? isWritable(dir) : canBeWritten(dirname(dir));
}

/** Whether the packages there are those of the lock file: pnpm leaves a copy of it when it has installed them. */
export function isInstalled(root) {
  try {
    const [wanted, installed] = ['pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml'].map((path) =>
      readFileSync(join(root, path), 'utf8'),
    );
    return wanted === installed;
  } catch {
    return false; // nothing is installed
  }
}
