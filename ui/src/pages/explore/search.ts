export function exploreSearch(raw: Record<string, unknown>): Record<string, never> {
  void raw;
  return {};
}
