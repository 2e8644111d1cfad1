import { describe, expect, it } from 'vitest';
import { labelOf, nearest, nextFlag, placesOf, square, type Flag } from './places';

const flag = (t: number, label = `change ${t}`, letter = 'D'): Flag => ({ t, letter, label });
const x = (t: number) => t;

describe('the flags of changes', () => {
  it('share a place when they cannot be told apart', () => {
    const places = placesOf([flag(100), flag(110, 'b', 'P'), flag(300)], x, 0, 600);
    expect(places.map((p) => p.flags.length)).toEqual([2, 1]);
    expect(places.map(labelOf)).toEqual(['changes', 'change 300']);
  });

  it('never cover each other, whatever the crowd', () => {
    const crowd = Array.from({ length: 60 }, (_, i) => flag((i * 37) % 601));
    const places = placesOf(crowd, x, 0, 600);
    expect(places.flatMap((p) => p.flags)).toHaveLength(60);
    places.forEach((p, i) => {
      const next = places[i + 1];
      if (next) expect(p.left + square + p.room).toBeLessThanOrEqual(next.left);
    });
  });

  it('stand over their own instant, with words to the left at the right edge', () => {
    const [p] = placesOf([flag(598, 'payment-api 4.18.0')], x, 0, 600);
    expect(p?.room).toBeGreaterThan(80);
    expect((p?.left ?? 0) + square + (p?.room ?? 0)).toBeLessThanOrEqual(600 + square / 2);
  });

  it('leaves out what lies outside', () => {
    expect(placesOf([flag(-5), flag(700)], x, 0, 600)).toEqual([]);
  });

  it('are walked in the order of time', () => {
    const flags = [flag(300), flag(100), flag(200)];
    expect(nextFlag(flags, -Infinity)?.t).toBe(100);
    expect(nextFlag(flags, 100)?.t).toBe(200);
    expect(nextFlag(flags, 300)).toBeNull();
    expect(nearest([0, 60, 120], 100)).toBe(2);
  });
});
