import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { LightLabel, LightShape } from './Light';
import { lightOf, rankOf, stateOf, states, wordOf, worstOf } from './light';

describe('lights', () => {
  it('are ordered breached, at risk, no data, paused, on target', () => {
    expect(states.map(wordOf)).toEqual(['Breached', 'At risk', 'No data', 'Paused', 'On target']);
    expect([...states].sort((a, b) => rankOf(a) - rankOf(b))).toEqual([...states]);
  });

  it.each(['', 'purple', undefined, null])('that are unknown (%s) are no data, never green', (s) => {
    expect(lightOf(s)).toBe('grey');
  });

  it('count as paused while a silence covers them', () => {
    expect(stateOf({ light: 'red', paused: { until: 1 } })).toBe('paused');
    expect(stateOf({ light: 'red', paused: null })).toBe('red');
  });

  it('of a group are its worst, and of nothing no data', () => {
    expect(worstOf(['green', 'paused', 'yellow'])).toBe('yellow');
    expect(worstOf([])).toBe('grey');
  });

  it('have a shape each, so that they read without colour', () => {
    const drawn = states.map((s) =>
      render(<LightShape state={s} />)
        .container.querySelector('svg')
        ?.innerHTML.replace(/class="[^"]*"/g, ''),
    );
    expect(new Set(drawn).size).toBe(states.length);
  });

  it('have a word beside the shape, or a name where they stand alone', () => {
    render(<LightLabel state="grey" />);
    expect(screen.getByText('No data')).toBeTruthy();
    render(<LightShape state="red" title="Breached" />);
    expect(screen.getByRole('img', { name: 'Breached' })).toBeTruthy();
  });
});
