export function kpiSearch(raw: Record<string, unknown>): Record<string, never> {
  void raw;
  return {};
}
