package usage

import "github.com/RoaringBitmap/roaring/v2"

// grid is the material of a retention grid: for each period the people who began (or, first-time, who began for the first
// time) and the people who came back; complete says how many of the periods, from the first, are over.
type grid struct {
	starts   []int32 // days on which the periods begin; the columns' periods follow the last cohort
	cohorts  int     // the first ones are rows
	begin    []*roaring.Bitmap
	back     []*roaring.Bitmap
	complete int
}

// retention fills the grid. Column 0 is the cohort itself; column n the people of the cohort who came back in the n-th period
// after it or, with orAfter, in that one or any later one that has begun. A cell is complete when its period is over.
func (g *grid) retention(columns int, orAfter bool) ([]Cohort, []Average, []Average) {
	n := len(g.back)
	back := g.back
	if orAfter {
		back = make([]*roaring.Bitmap, n)
		later := roaring.New()
		for i := n - 1; i >= 0; i-- {
			later = roaring.Or(later, g.back[i])
			back[i] = later
		}
	}
	cohorts := make([]Cohort, 0, g.cohorts)
	weighted, simple := make([]Average, columns+1), make([]Average, columns+1)
	people, size, shares := make([]float64, columns+1), make([]float64, columns+1), make([]float64, columns+1)
	for i := range g.cohorts {
		c := Cohort{At: millisOf(g.starts[i]), Size: int64(g.begin[i].GetCardinality()), Cells: make([]RetentionCell, 0, columns+1)}
		for k := 0; k <= columns; k++ {
			cell := RetentionCell{Complete: i+k < g.complete}
			switch {
			case k == 0:
				cell.People = c.Size
			case i+k < n:
				cell.People = int64(g.begin[i].AndCardinality(back[i+k]))
			}
			if i+k < n || k == 0 {
				cell.Share = share(float64(cell.People), float64(c.Size))
				if k > 0 {
					cell.Previous = share(float64(cell.People), float64(c.Cells[k-1].People))
				}
			}
			c.Cells = append(c.Cells, cell)
			if cell.Complete && c.Size > 0 {
				people[k] += float64(cell.People)
				size[k] += float64(c.Size)
				shares[k] += *cell.Share
				weighted[k].Cohorts++
			}
		}
		cohorts = append(cohorts, c)
	}
	for k := range weighted {
		simple[k].Cohorts = weighted[k].Cohorts
		weighted[k].Share = share(people[k], size[k])
		simple[k].Share = share(shares[k], float64(simple[k].Cohorts))
	}
	return cohorts, weighted, simple
}
