/** Prints before vitest's own summary how long each project took, from its first file to its last. */
export default class ProjectTimes {
  #spans = new Map();

  onTestModuleStart({ project }) {
    const nowMs = performance.now();
    if (!this.#spans.has(project.name)) this.#spans.set(project.name, { fromMs: nowMs, toMs: nowMs });
  }

  onTestModuleEnd({ project }) {
    const span = this.#spans.get(project.name);
    if (span) span.toMs = performance.now();
  }

  onTestRunEnd() {
    console.log('');
    for (const [name, { fromMs, toMs }] of this.#spans)
      console.log(`  ${name} tests: ${((toMs - fromMs) / 1000).toFixed(1)} s`);
  }
}
