package inference

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// sets are the columns of x that are measurements of the same thing, and say what is put
// beside an observation for them: of each set mean and log-deviation, of every two sets of
// one size artanh r, with the correlation r of their members in the order of the columns.
// All of it is in x, but at the scale at which an observation happens to differ, and not at
// that of all simulations.
type sets struct {
	columns int // of x
	members [][]int
	// least is the least deviation, but 0, of each set that was simulated. An e-th of it
	// is what is taken for 0.
	least []float64
}

const (
	fewestMembers = 3
	// alikeRows is the number of simulations that sets are found with, and alikeColumns how
	// many columns they are looked for in: of more, an Embed of one's own knows what to make.
	alikeRows    = 4096
	alikeColumns = 512
	// Of two columns of n rows of one law the distance of their distribution functions is
	// above alikeDistance √(2/n), and of independent ones the rank correlation above
	// alikeCorrelation/√n, in less than one of ten thousand.
	alikeDistance    = 2.2
	alikeCorrelation = 4
	// mostCorrelation is of two sets that are on one line.
	mostCorrelation = 0.999
)

// findSets returns the sets of three and more columns of which every two have the same
// distribution over simulations and rise and fall together. When the context ends it returns
// those of the columns that were looked at.
func findSets(ctx context.Context, x *mat.Dense) *sets {
	n, k := x.Dims()
	s := &sets{columns: k}
	if k > alikeColumns {
		return s
	}
	rows := min(n, alikeRows)
	sorted, ranks := make([][]float64, k), make([][]float64, k)
	for j := range k {
		column := mat.Col(nil, j, x.Slice(0, rows, 0, k))
		sorted[j], ranks[j] = ranked(column)
	}
	far, together := alikeDistance*math.Sqrt(2/float64(rows)), alikeCorrelation/math.Sqrt(float64(rows))
	alike := make([][]bool, k)
	for j := range k {
		alike[j] = make([]bool, k)
		if ctx.Err() != nil {
			continue
		}
		for i := range j {
			alike[j][i] = floats.Dot(ranks[i], ranks[j]) > together && distance(sorted[i], sorted[j]) <= far
			alike[i][j] = alike[j][i]
		}
	}
	groups := cliques(alike)
	for g := range groups {
		groups[g] = complete(groups, g, sorted, ranks)
	}
	slices.SortFunc(groups, slices.Compare) // of one law, whichever was found first
	for _, group := range groups {
		least := math.Inf(1)
		for i := range n {
			if _, deviation := location(x.RawRowView(i), group); deviation > 0 {
				least = min(least, deviation)
			}
		}
		if finite(least) {
			s.members, s.least = append(s.members, group), append(s.least, least)
		}
	}
	return s
}

// cliques returns sets of which every two are alike, large ones first: each begins with what
// is like most others, and goes on with what is like most of those that are like all in it.
func cliques(alike [][]bool) (all [][]int) {
	taken := make([]bool, len(alike))
	for {
		var left, clique []int
		for j, t := range taken {
			if !t {
				left = append(left, j)
			}
		}
		for len(left) > 0 {
			best, most := left[0], -1
			for _, j := range left {
				count := 0
				for _, i := range left {
					if alike[j][i] {
						count++
					}
				}
				if count > most {
					best, most = j, count
				}
			}
			clique = append(clique, best)
			left = slices.DeleteFunc(left, func(j int) bool { return !alike[best][j] })
		}
		if len(clique) < fewestMembers {
			return all
		}
		slices.Sort(clique)
		for _, j := range clique {
			taken[j] = true
		}
		all = append(all, clique)
	}
}

// complete returns group g with the columns that belong to no group, have the distribution of all
// of its members, and with all together correlate as these do with each other: of weak
// correlations one of a few is missed by chance.
func complete(groups [][]int, g int, sorted, ranks [][]float64) []int {
	group, n := groups[g], float64(len(sorted[0]))
	taken := make(map[int]bool)
	for _, members := range groups {
		for _, j := range members {
			taken[j] = true
		}
	}
	for j := range sorted {
		sum, inside := 0.0, 0.0
		m := float64(len(group))
		for a, i := range group {
			sum += floats.Dot(ranks[i], ranks[j]) / m
			for _, k := range group[:a] {
				inside += floats.Dot(ranks[i], ranks[k]) / (m * (m - 1) / 2)
			}
		}
		// The mean of m correlations of what is independent of all members has this deviation.
		chance := math.Sqrt((1 + (m-1)*inside) / (m * n))
		unlike := func(i int) bool { return distance(sorted[i], sorted[j]) > alikeDistance*math.Sqrt(2/n) }
		if taken[j] || !(sum > alikeCorrelation*chance) || math.Abs(sum-inside) > alikeCorrelation/math.Sqrt(n) || slices.ContainsFunc(group, unlike) {
			continue
		}
		group = append(slices.Clone(group), j)
	}
	slices.Sort(group)
	return group
}

// ranked returns the numbers in order, and the ranks of a column, centred and of length 1; 0
// for those of one that is constant. Equal numbers share a rank.
func ranked(column []float64) (sorted, ranks []float64) {
	n := len(column)
	sorted, ranks = slices.Clone(column), make([]float64, n)
	order := make([]int, n)
	floats.ArgsortStable(sorted, order)
	for i := 0; i < n; {
		j := i
		for j < n && sorted[j] == sorted[i] {
			j++
		}
		for _, row := range order[i:j] {
			ranks[row] = float64(i+j-1)/2 - float64(n-1)/2
		}
		i = j
	}
	if length := floats.Norm(ranks, 2); length > 0 {
		floats.Scale(1/length, ranks)
	}
	return sorted, ranks
}

// distance returns the largest distance of the distribution functions of as many sorted
// numbers.
func distance(a, b []float64) float64 {
	n, most := len(a), 0
	for i, j := 0, 0; i < n && j < n; {
		v := min(a[i], b[j])
		for i < n && a[i] == v {
			i++
		}
		for j < n && b[j] == v {
			j++
		}
		most = max(most, i-j, j-i)
	}
	return float64(most) / float64(n)
}

// location returns mean and deviation of the members of a set.
func location(x []float64, members []int) (mean, deviation float64) {
	of, first := make([]float64, len(members)), x[members[0]] // against the rounding of large means
	for i, j := range members {
		of[i] = x[j] - first
		mean += of[i] / float64(len(of))
	}
	floats.AddConst(-mean, of)
	return first + mean, floats.Norm(of, 2) / math.Sqrt(float64(len(of)))
}

// pairs calls f for every two sets of one size, and not at all when these are more than there
// are columns in sets: a table of many sensors stays as wide as it is, but for a factor.
func (s *sets) pairs(f func(a, b int)) {
	ofSize, columns, count := map[int]int{}, 0, 0
	for _, members := range s.members {
		count += ofSize[len(members)]
		ofSize[len(members)]++
		columns += len(members)
	}
	if count > columns {
		return
	}
	for b := range s.members {
		for a := range b {
			if len(s.members[a]) == len(s.members[b]) {
				f(a, b)
			}
		}
	}
}

// more returns how many numbers are put beside x.
func (s *sets) more() int {
	n := 2 * len(s.members)
	s.pairs(func(int, int) { n++ })
	return n
}

// beside returns the rows of x with what is put beside them; x itself when that is nothing.
func (s *sets) beside(x *mat.Dense) *mat.Dense {
	if len(s.members) == 0 {
		return x
	}
	n, k := x.Dims()
	wide := mat.NewDense(n, k+s.more(), nil)
	means, deviations := make([]float64, len(s.members)), make([]float64, len(s.members))
	for i := range n {
		row := x.RawRowView(i)
		to := append(wide.RawRowView(i)[:0], row...)
		for g, members := range s.members {
			means[g], deviations[g] = location(row, members)
			log := math.Log(s.least[g]) - 1
			if deviations[g] > 0 {
				log = math.Log(deviations[g])
			}
			to = append(to, means[g], log)
		}
		s.pairs(func(a, b int) {
			r := 0.0
			if deviations[a] > 0 && deviations[b] > 0 {
				for m, j := range s.members[a] {
					r += (row[j] - means[a]) / deviations[a] * ((row[s.members[b][m]] - means[b]) / deviations[b]) / float64(len(s.members[a]))
				}
			}
			to = append(to, math.Atanh(max(-mostCorrelation, min(mostCorrelation, r))))
		})
	}
	return wide
}

// names returns what the numbers beside x are.
func (s *sets) names() (names []string) {
	list := func(g int) string { return strings.Trim(fmt.Sprint(s.members[g]), "[]") }
	for g := range s.members {
		names = append(names, "the mean of the columns "+list(g)+" of x", "the log-deviation of the columns "+list(g)+" of x")
	}
	s.pairs(func(a, b int) {
		names = append(names, "artanh of the correlation of the columns "+list(a)+" and "+list(b)+" of x")
	})
	return names
}

// check returns an error for sets that are none.
func (s *sets) check() error {
	seen := make(map[int]bool)
	if len(s.members) != len(s.least) {
		return fmt.Errorf("has %d Sets and %d Least", len(s.members), len(s.least))
	}
	for g, members := range s.members {
		if len(members) < fewestMembers || !(s.least[g] > 0) || !finite(s.least[g]) {
			return fmt.Errorf("has Sets %v of least deviation %v", members, s.least[g])
		}
		for _, j := range members {
			if j < 0 || j >= s.columns || seen[j] {
				return fmt.Errorf("has Sets %v of %d columns", members, s.columns)
			}
			seen[j] = true
		}
	}
	return nil
}

// logDeviations returns the log-deviations of the rows of what beside makes.
func (s *sets) logDeviations(x *mat.Dense) (logs [][]float64) {
	for g := range s.members {
		logs = append(logs, mat.Col(nil, s.columns+2*g+1, x))
	}
	return logs
}
