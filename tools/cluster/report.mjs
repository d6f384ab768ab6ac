import { createInterface } from 'node:readline/promises';
import { StepError } from '../steps.mjs';

/** Prints findings as they are made, and collects the problems. */
export function createReport(print = console.log) {
  const problems = [];
  return {
    problems,
    ok: (text) => print(`  ✓ ${text}`),
    note: (text) => print(`  ! ${indent(text)}`),
    /** @param todo how to solve it */
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
 * Asks for confirmation before a change.
 * @param word the answer that confirms
 * @throws {StepError} for any other answer, or without a terminal
 */
export async function confirm(question, { yes, word = 'yes' }) {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new StepError(
      'there is no terminal to ask for confirmation. Add --yes and --context NAME; nothing was changed',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-C and Ctrl-D mean no: the question is rejected or, in older versions of Node, never answered.
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')));
  const typed = terminal.question(`\n${question} Type "${word}" to continue: `).catch(() => '');
  const answer = await Promise.race([typed, closed]);
  terminal.close();
  if (answer.trim() !== word) throw new StepError('nothing was changed');
}
