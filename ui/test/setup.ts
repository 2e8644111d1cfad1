import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, expect, vi } from 'vitest';

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

// It does not know the element yet that browsers know since 2023, which React would warn of.
if (typeof HTMLUnknownElement !== 'undefined') {
  Object.defineProperty(HTMLUnknownElement.prototype, Symbol.toStringTag, {
    get(this: Element) {
      return this.localName === 'search' ? 'HTMLElement' : 'HTMLUnknownElement';
    },
  });
}

// What React, its libraries and the page warn of is a mistake in the page or in the test.
let warnings: unknown[][] = [];

beforeEach(() => {
  warnings = [];
  vi.spyOn(console, 'error').mockImplementation((...said) => void warnings.push(said));
  vi.spyOn(console, 'warn').mockImplementation((...said) => void warnings.push(said));
  vi.stubGlobal('EventSource', NoStream);
  vi.stubGlobal('scrollTo', () => undefined);
  if (typeof localStorage !== 'undefined') localStorage.clear();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  expect(warnings, 'warnings').toEqual([]);
});
