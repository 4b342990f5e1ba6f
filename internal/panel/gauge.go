package panel

import (
	"math"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
)

const (
	// trendPoints is how many points of a plot a page gets: a minute.
	trendPoints = 60
	// trendStep is the time between two points.
	trendStep = time.Second
)

// trend is how the load of a cluster has developed while somebody looked.
type trend struct {
	Rate   []float64 `json:"rate"`   // tasks finished per second, oldest first, a point a second
	CPU    []float64 `json:"cpu"`    // of all engines that tell, percent of one core; the same times
	Memory uint64    `json:"memory"` // of all engines that tell, bytes
	Done   int       `json:"done"`   // tasks, since there was nothing to do last
	Total  int       `json:"total"`  // tasks, with those that wait and run
}

// gauge makes a trend of loads.
type gauge struct {
	trend
	began    time.Time   // of the current point; zero: none yet
	finished int         // tasks in the current point
	known    map[int]int // tasks completed by engine id, as seen last
	over     bool        // there was nothing to do when it was last seen
}

// add takes in the load of a moment, and returns the trend up to then.
func (g *gauge) add(now time.Time, load cluster.Load) trend {
	outstanding, finished := load.Unassigned, 0
	cpu := 0.0
	g.Memory = 0
	known := make(map[int]int, len(load.Engines))
	for _, e := range load.Engines {
		outstanding += e.Queue + e.Tasks
		known[e.ID] = e.Completed
		if before, ok := g.known[e.ID]; ok {
			finished += max(0, e.Completed-before)
		}
		if e.Usage != nil {
			cpu += e.Usage.CPU
			g.Memory += e.Usage.Memory
		}
	}
	g.known = known
	if g.over && outstanding > 0 {
		g.Done, g.over = 0, false
	}
	g.Done += finished
	g.Total = g.Done + outstanding
	g.over = outstanding == 0
	g.finished += finished
	switch wide := now.Sub(g.began); {
	case g.began.IsZero():
		g.began, g.finished = now, 0
	case wide >= trendStep*9/10:
		g.Rate = point(g.Rate, math.Round(10*float64(g.finished)/wide.Seconds())/10)
		g.CPU = point(g.CPU, math.Round(cpu))
		g.began, g.finished = now, 0
	}
	t := g.trend
	t.Rate, t.CPU = append([]float64{}, t.Rate...), append([]float64{}, t.CPU...)
	return t
}

// point adds a point to a plot, and drops the oldest that does not fit.
func point(list []float64, v float64) []float64 {
	list = append(list, v)
	return list[max(0, len(list)-trendPoints):]
}
