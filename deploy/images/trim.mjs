// Removes from the packages of a deployed program what it never loads: type declarations, source maps, the API of
// Kubernetes, prebuilt binaries of other systems. Usage: node trim.mjs FOLDER PROGRAM...
import { readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nodeFileTrace } from '@vercel/nft';

/** Our own packages read files at run time that no import names. */
const OWN = /\/@podips\+?\//;
/** A package stays together with its terms. */
const TERMS = /^(licen[cs]e|notice|copying)/i;

const [folder = '', ...programs] = process.argv.slice(2);
const root = realpathSync(folder);
const entries = programs.map((program) => realpathSync(join(root, program)));
// It warns of modules that packages use only where they are installed, such as pg-native. None is.
const { fileList } = await nodeFileTrace(entries, { base: root, processCwd: root });
const removed = trim(join(root, 'node_modules'));
console.log(`trim: ${folder}: ${removed.files} files that ${programs.join(', ')} never load`);

/** @returns the number of files removed, and whether anything that is used is left */
function trim(dir) {
  let files = 0;
  let used = false;
  const terms = [];
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      const inner = trim(path);
      files += inner.files;
      used ||= inner.used;
    } else if (fileList.has(relative(root, path)) || OWN.test(path)) used = true;
    else if (TERMS.test(entry.name)) terms.push(path);
    else {
      rmSync(path);
      files += 1;
    }
  }
  if (used) return { files, used };
  for (const path of terms) rmSync(path);
  if (readdirSync(dir).length === 0) rmdirSync(dir);
  return { files: files + terms.length, used };
}
