import '@podips/shared/require-node';

await import('./program.js');
