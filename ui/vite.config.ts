import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The build is committed, so that `go install` works without Node: nothing in it may depend on the machine or the hour.
export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    sourcemap: false,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // The real thing or the mock is one address away: `npm run mock`, then `npm run dev`.
  server: {
    // The examples that Sources shows stand beside this folder.
    fs: { allow: ['.', '../examples/instrument'] },
    proxy: {
      '/api': { target: process.env.SIGNALBOX_URL ?? 'http://127.0.0.1:9701', changeOrigin: false },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts', 'tracker/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    css: false,
    restoreMocks: true,
  },
});
