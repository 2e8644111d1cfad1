import { defineConfig } from 'vite';

// The tracker: one script, put beside the built page. It runs in pages of other people, so it is one closed function.
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    target: 'es2020',
    outDir: '../dist',
    emptyOutDir: false,
    sourcemap: false,
    modulePreload: false,
    lib: { entry: 'src/main.ts', formats: ['iife'], name: 'signalbox', fileName: () => 'sb.js' },
  },
});
