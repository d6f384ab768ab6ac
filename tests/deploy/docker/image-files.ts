import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildContext } from './build-context.js';
import { collect } from './container.js';
import { type ImageConfig, type Instruction, ROOT, type Stage } from './dockerfile.js';

/** The files of the images, made without a container engine by the commands of the Dockerfile. */
export interface ImageFiles {
  /** Stands for `/` of every image, a folder for each target. */
  readonly dir: string;
  /** Puts together what a target copies; read-only. @returns the folder that stands for the image's `/` */
  assemble(target: string, config: ImageConfig): Promise<string>;
  destroy(): Promise<void>;
}

const ALL_WRITE = 0o222;
const OWNER_ALL = 0o700;
const NO_REGISTRY = 'http://127.0.0.1:9';

/**
 * Runs the build stage in a folder of its own: COPY takes from the build context, RUN runs here. What runs without the
 * npmrc secret finds no registry.
 */
export async function buildImageFiles(build: Stage): Promise<ImageFiles> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-images-'));
  // Another user will run what is in here.
  await chmod(dir, 0o755);
  await requireReachable(dir);
  const root = join(dir, 'build-stage');
  const destroy = async () => {
    await changeModes(dir, (mode) => mode | OWNER_ALL);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await runStage(build, root);
  } catch (err) {
    await destroy();
    throw err;
  }
  return {
    dir,
    async assemble(target, config) {
      const image = join(dir, target);
      for (const { from, source, target: to } of config.copies) {
        const origin = from === undefined ? fileURLToPath(new URL(source, ROOT)) : join(root, source);
        const goal = join(image, to.startsWith('/') ? '' : config.workdir, to);
        const isFile = from === undefined;
        await cp(origin, isFile ? join(goal, source) : goal, { recursive: true, verbatimSymlinks: true });
      }
      await changeModes(join(image, config.workdir), (mode) => mode & ~ALL_WRITE);
      return image;
    },
    destroy,
  };
}

/** Root runs the programs of images as another user. @throws when such a one cannot enter the folder */
async function requireReachable(dir: string): Promise<void> {
  const anyOther = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const [code] = await once(spawn('test', ['-x', dir], anyOther), 'close');
  if (code === 0) return;
  await rm(dir, { recursive: true });
  throw new Error(`only root can enter ${dir}: set TMPDIR to a folder that every user can enter`);
}

async function runStage(build: Stage, root: string): Promise<void> {
  const context = buildContext();
  let workdir = '/';
  for (const instruction of build.instructions) {
    if (instruction.keyword === 'WORKDIR') workdir = instruction.text;
    else if (instruction.keyword === 'COPY') await copyFromContext(instruction, context, join(root, workdir));
    else if (instruction.keyword === 'RUN') await runLocally(instruction, root, workdir);
    else throw new Error(`the build stage has ${instruction.keyword}, which is not understood here`);
  }
}

async function copyFromContext({ text }: Instruction, context: string[], workdir: string): Promise<void> {
  const names = text.split(/\s+/);
  const to = names.pop() ?? '';
  for (const name of names) {
    const files = context.filter((path) => name === '.' || path === name || path.startsWith(`${name}/`));
    if (files.length === 0) throw new Error(`${name} is not in the build context`);
    for (const path of files) {
      const goal = join(workdir, to === './' || to === '.' ? path : path.replace(name, to));
      await mkdir(dirname(goal), { recursive: true });
      await cp(fileURLToPath(new URL(path, ROOT)), goal);
    }
  }
}

async function runLocally({ text, flags }: Instruction, root: string, workdir: string): Promise<void> {
  const cwd = join(root, workdir);
  await mkdir(cwd, { recursive: true });
  const command = text.replace(/(?<=\s|^)\/(?=out|build)/g, `${root}/`);
  const mayUseRegistry = flags.some((flag) => flag.includes('id=npmrc'));
  const child = spawn('sh', ['-ec', command], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...buildEnvironment(root), ...(mayUseRegistry ? {} : withoutRegistry()) },
  });
  const { ended, output } = collect(child);
  const code = await ended;
  if (code !== 0) throw new Error(`"${command}" ended with ${code}:\n${output()}`);
}

function buildEnvironment(root: string): Record<string, string> {
  return {
    PATH: [join(root, 'npm', 'bin'), dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    npm_config_prefix: join(root, 'npm'),
    CI: 'true',
    // Nothing is known yet of registries, as in a new container.
    XDG_CACHE_HOME: join(root, 'cache'),
    // The store's files must not change when modes are changed.
    pnpm_config_package_import_method: 'copy',
  };
}

function withoutRegistry(): Record<string, string> {
  return {
    npm_config_registry: NO_REGISTRY,
    pnpm_config_registry: NO_REGISTRY,
    HTTP_PROXY: NO_REGISTRY,
    HTTPS_PROXY: NO_REGISTRY,
  };
}

/** Changes the modes of everything below a folder, links left alone. */
async function changeModes(dir: string, change: (mode: number) => number): Promise<void> {
  const { mode } = await stat(dir);
  await chmod(dir, mode | OWNER_ALL);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await changeModes(path, change);
    else if (entry.isFile()) await chmod(path, change((await stat(path)).mode));
  }
  await chmod(dir, change(mode));
}
