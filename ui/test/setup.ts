import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// A page's code is loaded when it is first shown, which takes its time on a busy machine.
configure({ asyncUtilTimeout: 60_000 });
vi.setConfig({ testTimeout: 300_000 });

// What happy-dom lacks and what the page asks of a browser.
class NoStream {
  static CLOSED = 2;
  readyState = 0;
  addEventListener(): void {
    // Nothing is streamed in these tests.
  }
  close(): void {
    this.readyState = 2;
  }
}

beforeEach(() => {
  vi.stubGlobal('EventSource', NoStream);
  vi.stubGlobal('scrollTo', () => undefined);
  if (typeof localStorage !== 'undefined') localStorage.clear();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
