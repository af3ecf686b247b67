package main

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// mixtureByBIC fits Gaussian mixtures of full covariances by expectation and
// maximisation, of more and more components while the Bayesian information criterion
// gets better, and draws from the best.
func mixtureByBIC(ctx context.Context, _ *job, x *mat.Dense, seed uint64) (func(context.Context, *mat.Dense, uint64) error, error) {
	n, d := x.Dims()
	var best *gaussians
	least, worse := math.Inf(1), 0
	for _, k := range []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if k*(d+1) > n {
			break
		}
		g := newGaussians(x, k, seed)
		loglik := g.em(x)
		free := float64(k - 1 + k*d + k*d*(d+1)/2)
		bic := free*math.Log(float64(n)) - 2*loglik
		if bic < least {
			best, least, worse = g, bic, 0
		} else if worse++; worse == 2 {
			break
		}
	}
	return best.fill, nil
}

// gaussians are a mixture of normal distributions.
type gaussians struct {
	weights []float64
	means   [][]float64
	roots   [][]float64 // Cholesky factors, d×d, row by row
	floor   []float64   // the least variances added
}

// newGaussians starts k components at rows far from each other (k-means++), with the
// covariance of all.
func newGaussians(x *mat.Dense, k int, seed uint64) *gaussians {
	n, d := x.Dims()
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	var cov mat.SymDense
	stat.CovarianceMatrix(&cov, x, nil)
	g := &gaussians{}
	for j := range d {
		g.floor = append(g.floor, 1e-6*cov.At(j, j))
	}
	far := make([]float64, n)
	for i := range far {
		far[i] = math.Inf(1)
	}
	at := rng.IntN(n)
	root := cholesky(&cov, g.floor)
	for range k {
		g.weights = append(g.weights, 1/float64(k))
		g.means = append(g.means, append([]float64(nil), x.RawRowView(at)...))
		g.roots = append(g.roots, root)
		sum := 0.0
		for i := range far {
			r := 0.0
			for j, v := range x.RawRowView(i) {
				e := v - x.At(at, j)
				r += e * e / cov.At(j, j)
			}
			far[i] = min(far[i], r)
			sum += far[i]
		}
		u := sum * rng.Float64()
		for at = 0; at < n-1 && u > far[at]; at++ {
			u -= far[at]
		}
	}
	return g
}

// cholesky returns the factor of a covariance with the floor added, more of it while
// it is not positive definite.
func cholesky(cov *mat.SymDense, floor []float64) []float64 {
	d := len(floor)
	var c mat.Cholesky
	for f := 1.0; ; f *= 10 {
		s := mat.NewSymDense(d, nil)
		s.CopySym(cov)
		for j, v := range floor {
			s.SetSym(j, j, s.At(j, j)+f*v+1e-300)
		}
		if c.Factorize(s) {
			break
		}
	}
	var l mat.TriDense
	c.LTo(&l)
	root := make([]float64, d*d)
	for i := range d {
		for j := range i + 1 {
			root[i*d+j] = l.At(i, j)
		}
	}
	return root
}

// logDensity writes log(w_k N_k(row)) of all components and returns the logarithm of
// their sum. z is scratch of d numbers.
func (g *gaussians) logDensity(dst, z, row []float64) float64 {
	d := len(row)
	for k, l := range g.roots {
		sum := math.Log(g.weights[k]) - .5*float64(d)*math.Log(2*math.Pi)
		for i := range d {
			v := row[i] - g.means[k][i]
			for j, w := range l[i*d : i*d+i] {
				v -= w * z[j]
			}
			z[i] = v / l[i*d+i]
			sum -= .5*z[i]*z[i] + math.Log(l[i*d+i])
		}
		dst[k] = sum
	}
	return floats.LogSumExp(dst)
}

// em improves the components until the log-likelihood, which it returns, grows by
// less than 1e-4 a row, at most 60 times. Chunks of rows are summed in order.
func (g *gaussians) em(x *mat.Dense) float64 {
	const chunks = 16
	n, d := x.Dims()
	k := len(g.weights)
	last := math.Inf(-1)
	for range 60 {
		type sums struct {
			loglik float64
			weight []float64
			first  [][]float64
			second []*mat.SymDense
		}
		part := make([]sums, chunks)
		var wait sync.WaitGroup
		slots := make(chan struct{}, runtime.GOMAXPROCS(0))
		for c := range part {
			wait.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				s := sums{weight: make([]float64, k)}
				for range k {
					s.first = append(s.first, make([]float64, d))
					s.second = append(s.second, mat.NewSymDense(d, nil))
				}
				p, z := make([]float64, k), make([]float64, d)
				for i := c * n / chunks; i < (c+1)*n/chunks; i++ {
					row := x.RawRowView(i)
					total := g.logDensity(p, z, row)
					s.loglik += total
					for a := range k {
						r := math.Exp(p[a] - total)
						if r < 1e-12 {
							continue
						}
						s.weight[a] += r
						floats.AddScaled(s.first[a], r, row)
						raw := s.second[a].RawSymmetric().Data
						for i, v := range row {
							for j := i; j < d; j++ {
								raw[i*d+j] += r * v * row[j]
							}
						}
					}
				}
				part[c] = s
			})
		}
		wait.Wait()
		all := part[0]
		for _, s := range part[1:] {
			all.loglik += s.loglik
			floats.Add(all.weight, s.weight)
			for a := range k {
				floats.Add(all.first[a], s.first[a])
				all.second[a].AddSym(all.second[a], s.second[a])
			}
		}
		if all.loglik-last < 1e-4*float64(n) {
			return all.loglik
		}
		last = all.loglik
		for a := range k {
			w := max(all.weight[a], 1e-9)
			g.weights[a] = w / float64(n)
			for j := range d {
				g.means[a][j] = all.first[a][j] / w
			}
			cov := all.second[a]
			for i := range d {
				for j := i; j < d; j++ {
					cov.SetSym(i, j, cov.At(i, j)/w-g.means[a][i]*g.means[a][j])
				}
			}
			g.roots[a] = cholesky(cov, g.floor)
		}
	}
	return last
}

// fill draws rows.
func (g *gaussians) fill(_ context.Context, x *mat.Dense, seed uint64) error {
	n, d := x.Dims()
	rng := rand.New(rand.NewPCG(seed, 6))
	z := make([]float64, d)
	for r := range n {
		u, k := rng.Float64()*floats.Sum(g.weights), 0
		for k < len(g.weights)-1 && u > g.weights[k] {
			u -= g.weights[k]
			k++
		}
		for i := range d {
			z[i] = rng.NormFloat64()
			x.Set(r, i, g.means[k][i]+floats.Dot(g.roots[k][i*d:i*d+i+1], z[:i+1]))
		}
	}
	return nil
}
