import { constants, gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isOfAnotherSite } from './access/other-site.js';

/** A smaller answer fits into a packet as it is. */
const MIN_BYTES = 1_024;
const TEXT = /^(?:text\/|application\/(?:[a-z.]+\+)?(?:json|xml)\b|image\/svg\+xml)/;
/** The weight 0 refuses it. */
const GZIP = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i;

/**
 * Compresses answers of text that are whole; streams pass as they are, so that nothing in them waits. One is compressed at
 * a time, for each takes 256 kB meanwhile, and what is sent again and again, as a file or the dashboard, only once. What a
 * page of another site asks for is not compressed: from its length the page could guess what else is in it (BREACH).
 */
export function installCompression(app: FastifyInstance): void {
  const kept = new WeakMap<Buffer, Buffer>();
  const compress = (payload: string | Buffer) => {
    if (typeof payload === 'string') return zip(payload);
    const compressed = kept.get(payload) ?? zip(payload);
    kept.set(payload, compressed);
    return compressed;
  };
  app.addHook<unknown>('onSend', (request, reply, payload, done) => {
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isWhole || payload.length < MIN_BYTES) return done(null, payload);
    const type = String(reply.getHeader('content-type') ?? '');
    if (!TEXT.test(type) || reply.hasHeader('content-encoding')) return done(null, payload);
    reply.header('vary', 'accept-encoding');
    if (!takesGzip(request)) return done(null, payload);
    reply.header('content-encoding', 'gzip');
    done(null, compress(payload));
  });
}

function takesGzip(request: FastifyRequest): boolean {
  return GZIP.test(String(request.headers['accept-encoding'] ?? '')) && !isOfAnotherSite(request);
}

/** At the fastest level, which leaves a few percent more: heartbeats wait meanwhile. */
function zip(text: string | Buffer): Buffer {
  return gzipSync(text, { level: constants.Z_BEST_SPEED });
}
