import { fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setKeysEnabled, useKeys, type Bindings } from './keys';

function Keyed({ bindings }: { bindings: Bindings }) {
  useKeys(bindings);
  return <input aria-label="field" />;
}

afterEach(() => setKeysEnabled(true));

describe('single keys', () => {
  it('fire, in sequences too', () => {
    const j = vi.fn();
    const b = vi.fn();
    render(<Keyed bindings={{ j, 'g b': b }} />);
    fireEvent.keyDown(document.body, { key: 'j' });
    fireEvent.keyDown(document.body, { key: 'g' });
    fireEvent.keyDown(document.body, { key: 'b' });
    expect(j).toHaveBeenCalledTimes(1);
    expect(b).toHaveBeenCalledTimes(1);
  });

  it('never fire in a field or with a modifier, but Ctrl K does', () => {
    const j = vi.fn();
    const find = vi.fn();
    render(<Keyed bindings={{ j, 'mod+k': find }} />);
    fireEvent.keyDown(screen.getByLabelText('field'), { key: 'j' });
    fireEvent.keyDown(document.body, { key: 'j', ctrlKey: true });
    fireEvent.keyDown(document.body, { key: 'j', altKey: true });
    fireEvent.keyDown(screen.getByLabelText('field'), { key: 'k', ctrlKey: true });
    expect(j).not.toHaveBeenCalled();
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('can be switched off, and stay so', () => {
    const j = vi.fn();
    const find = vi.fn();
    setKeysEnabled(false);
    render(<Keyed bindings={{ j, 'mod+k': find }} />);
    fireEvent.keyDown(document.body, { key: 'j' });
    fireEvent.keyDown(document.body, { key: 'k', metaKey: true });
    expect(j).not.toHaveBeenCalled();
    expect(find).toHaveBeenCalledTimes(1);
    expect(localStorage.getItem('signalbox.keys')).toBe('off');
  });

  it('do not fire under a dialog', () => {
    const j = vi.fn();
    render(
      <>
        <Keyed bindings={{ j }} />
        <div role="dialog" aria-modal="true">
          <button>inside</button>
        </div>
      </>,
    );
    fireEvent.keyDown(screen.getByText('inside'), { key: 'j' });
    expect(j).not.toHaveBeenCalled();
  });
});
