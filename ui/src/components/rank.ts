/**
 * The best matches of a text in a list: all words must occur; those that begin the name or a word of it come first. An empty
 * text takes the first ones as they are.
 */
export function rank<T>(list: readonly T[], text: string, nameOf: (t: T) => string, max: number): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return list.slice(0, max);
  const scored: { item: T; score: number; name: string }[] = [];
  for (const item of list) {
    const name = nameOf(item).toLowerCase();
    let score = 0;
    for (const w of words) {
      const i = name.indexOf(w);
      if (i < 0) {
        score = -1;
        break;
      }
      score += i === 0 ? 4 : /[\s_\-.:/]/.test(name[i - 1] ?? '') ? 3 : 1;
    }
    if (score > 0) scored.push({ item, score, name });
  }
  scored.sort((a, b) => b.score - a.score || a.name.length - b.name.length || a.name.localeCompare(b.name));
  return scored.slice(0, max).map((s) => s.item);
}
