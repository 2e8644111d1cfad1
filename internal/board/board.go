// Package board answers the questions that the page asks of KPIs: the verdict sentence, tiles with their strip of days and
// their sparkline, one KPI with where it fails and how its budget burned, decision records, open pages, and whether the
// sources are on time. It reads the live state and the ledger through what it is handed and decides nothing: every light
// comes from package kpi, every display string is made here so that no door and no page computes a unit or a colour.
package board
