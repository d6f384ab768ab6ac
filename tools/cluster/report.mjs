import { createInterface } from 'node:readline/promises';
import { StepError } from '../steps.mjs';

/** Says what was found while it is found, and remembers what stands in the way. */
export function createReport(print = console.log) {
  const problems = [];
  return {
    problems,
    ok: (text) => print(`  ✓ ${text}`),
    note: (text) => print(`  ! ${indent(text)}`),
    /** @param todo what to do about it */
    problem(text, todo) {
      problems.push(text);
      print(`  ✗ ${indent(text)}\n    → ${indent(todo)}`);
    },
    /** @throws {StepError} when there was a problem */
    stopAtProblems() {
      if (problems.length === 0) return;
      const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
      throw new StepError(`${count}; nothing was changed`);
    },
  };
}

export const indent = (text) => text.trim().replaceAll('\n', '\n    ');

/**
 * Asks before something is changed.
 * @param word what has to be typed for yes
 * @throws {StepError} when the answer is another one, or there is nobody to ask
 */
export async function confirm(question, { yes, word = 'yes' }) {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new StepError('nobody can be asked here. Add --yes and --context NAME; nothing was changed');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and Ctrl-D are a no: the question is rejected or, in older versions of Node, never answered.
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')));
  const typed = terminal.question(`\n${question} Type "${word}" to go on: `).catch(() => '');
  const answer = await Promise.race([typed, closed]);
  terminal.close();
  if (answer.trim() !== word) throw new StepError('nothing was changed');
}
