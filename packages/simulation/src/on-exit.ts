/**
 * Has something done when this process ends by itself, by an exception for example, so that no child outlives it.
 * @param kill must be synchronous
 * @returns takes it back, to be called when the child has ended
 */
export function onExit(kill: () => void): () => void {
  process.on('exit', kill);
  return () => void process.off('exit', kill);
}
