package export

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/nn/onnx/onnxtest"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// kind is an export with inputs, what has to come out, and what does it here.
type kind struct {
	name   string
	graph  *onnx.Graph
	n      int
	inputs [][]float32
	want   map[string]*mat.Dense
	terms  map[string][]float64
	here   func()
}

const kindRows = 37

// kinds returns every kind of export.
func kinds(t *testing.T) (all []kind) {
	for name, c := range map[string]struct {
		dim    int
		config score.Config
	}{
		"default":          {2, score.Config{}},
		"energy":           {2, score.Config{Net: nn.RecipeEnergy(2, 16)}},
		"cosine":           {3, score.Config{Net: small(3), Process: sde.Cosine{}}},
		"column levels":    {4, score.Config{Net: nn.RecipeColumns(4, 16), ColumnLevels: true}},
		"U-Net":            {64, score.Config{Net: nn.UNet{Size: []int{8, 8}, Channels: []int{8, 16}, Heads: 2}}},
		"U-Net on a ring":  {16, score.Config{Net: nn.UNet{Size: []int{16}, Channels: []int{8, 8}, Circular: true}}},
		"columns' tokens":  {5, score.Config{Net: nn.TabularTransformer{Width: 8, Blocks: 2, Heads: 2}, ColumnLevels: true}},
		"energy of pixels": {16, score.Config{Net: nn.Energy{Net: nn.Sequential{nn.Conv{Size: []int{4, 4}, Out: 4, Stride: 2}, nn.SiLU{}, nn.Linear{Out: 1}}}}},
	} {
		m := trained(t, c.dim, &c.config)
		exact := m.Float64().Problem()
		x, at := noised(m.Problem(), kindRows, c.dim)
		in := [][]float32{narrow(x.RawMatrix().Data), narrow(at)}
		add := func(verb string, g *onnx.Graph, err error, want map[string]*mat.Dense) {
			require.NoError(t, err)
			k := kind{name: name + ", " + verb, graph: g, n: kindRows, inputs: in, want: want, terms: map[string][]float64{}}
			for output := range want {
				k.terms[output] = termsOf(exact, at, output)
			}
			y, s, p := mat.NewDense(kindRows, c.dim, nil), mat.NewDense(kindRows, c.dim, nil), m.Problem()
			p.Frame.ToModel(y, x)
			k.here = func() { p.Score.Score(s, y, at) }
			all = append(all, k)
		}
		g, err := Score(m.Problem(), nil)
		add("score", g, err, map[string]*mat.Dense{"score": quantityOf(exact, x, at, sde.Score)})
		g, err = Denoiser(m.Problem(), nil)
		add("denoiser", g, err, map[string]*mat.Dense{"denoised": quantityOf(exact, x, at, sde.Denoised)})
		if c.dim <= 5 {
			g, err = Flow(m.Problem(), nil)
			add("flow", g, err, map[string]*mat.Dense{"velocity": quantityOf(exact, x, at, sde.Velocity), "divergence": divergenceOf(exact, x, at)})
		}
		if name == "energy" {
			g, err = LogProb(m.Problem(), nil)
			add("log p", g, err, map[string]*mat.Dense{"log_prob": logProbOf(exact, x, at)})
		}
	}
	return append(append(all, guidedKinds(t)...), samplerKinds(t)...)
}

func divergenceOf(p sde.Problem, x *mat.Dense, at []float64) *mat.Dense {
	n, d := x.Dims()
	y, s, div := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), make([]float64, n)
	p.Frame.ToModel(y, x)
	exact, _ := sde.As[sde.Divergencer](p.Score)
	exact.Divergence(s, div, y, at)
	for i := range div {
		f, g2 := p.Rates(at[i])
		div[i] = float64(d)*f - 0.5*g2*div[i]
	}
	return mat.NewDense(n, 1, div)
}

func logProbOf(p sde.Problem, x *mat.Dense, at []float64) *mat.Dense {
	n, d := x.Dims()
	y, v := mat.NewDense(n, d, nil), make([]float64, n)
	p.Frame.ToModel(y, x)
	exact, _ := sde.As[sde.LogProber](p.Score)
	exact.LogProb(v, y, at)
	return mat.NewDense(n, 1, v)
}

// guidedKinds are scores of a model with conditions.
func guidedKinds(t *testing.T) (all []kind) {
	m := trained(t, 3, &score.Config{Net: small(3), Cond: score.Conditions{Columns: 1, Classes: []int{3}}})
	rows, one := mat.NewDense(kindRows, 2, nil), mat.NewDense(1, 2, []float64{6, 2})
	for i := range kindRows {
		rows.SetRow(i, []float64{5 + float64(i%7), float64(i % 3)})
	}
	guided := func(m *score.Model, cond *mat.Dense) sde.Problem {
		p, err := sde.Guide(m.Given(cond).Problem(), m.Problem(), 2.5)
		require.NoError(t, err)
		return p
	}
	within := func(m *score.Model, cond *mat.Dense) sde.Problem {
		c := m.Given(cond).Problem()
		p, err := sde.Guide(c, m.Problem(), 2.5)
		require.NoError(t, err)
		p, err = sde.Within(p, c, 0.2, 5)
		require.NoError(t, err)
		return p
	}
	single := func(m *score.Model, cond *mat.Dense) sde.Problem { return m.Given(cond).Problem() }
	for name, of := range map[string]func(*score.Model, *mat.Dense) sde.Problem{"conditional": single, "guided": guided, "guided within": within} {
		for form, cond := range map[string]*mat.Dense{"one condition": one, "conditions as input": rows} {
			p, exact := of(m, cond), of(m.Float64(), cond)
			x, at := noised(p, kindRows, 3)
			g, err := Score(p, &Settings{Conditions: cond == rows})
			require.NoError(t, err)
			k := kind{name: name + ", " + form, graph: g, n: kindRows, inputs: [][]float32{narrow(x.RawMatrix().Data), narrow(at)}}
			if cond == rows {
				k.inputs = append(k.inputs, narrow(rows.RawMatrix().Data))
			}
			k.want, k.terms = map[string]*mat.Dense{"score": quantityOf(exact, x, at, sde.Score)}, map[string][]float64{"score": termsOf(p, at, "score")}
			all = append(all, k)
		}
	}
	return all
}

// samplerKinds are whole samplers: deterministic, with noise, with a corrector, of
// conditions and of observations.
func samplerKinds(t *testing.T) (all []kind) {
	plain := trained(t, 2, &score.Config{Net: small(2)})
	levels := trained(t, 4, &score.Config{Net: nn.RecipeColumns(4, 16), ColumnLevels: true})
	conditional := trained(t, 3, &score.Config{Net: small(3), Cond: score.Conditions{Columns: 1, Classes: []int{3}}})
	some := mat.NewDense(1, 4, []float64{math.NaN(), 1.5, math.NaN(), -2})
	given := mat.NewDense(1, 2, []float64{6, 2})
	for _, c := range []struct {
		name     string
		of       func(exact bool) sde.Problem
		pred     sampler.Predictor
		settings sampler.Settings
	}{
		{"by default", func(exact bool) sde.Problem { return pick(plain, exact).Problem() }, sampler.Default(nil), sampler.Settings{}},
		{"Heun", func(exact bool) sde.Problem { return pick(plain, exact).Problem() }, sampler.Heun{}, sampler.Settings{Grid: grid.Default(sde.EDM{}, 10)}},
		{"with noise", func(exact bool) sde.Problem { return pick(plain, exact).Problem() }, sampler.DPMpp2MSDE{}, sampler.Settings{Grid: grid.Default(sde.EDM{}, 10)}},
		{"corrected", func(exact bool) sde.Problem { return pick(plain, exact).Problem() }, sampler.EulerMaruyama{}, sampler.Settings{Grid: grid.Default(sde.EDM{}, 10), Corrector: sampler.Langevin{}}},
		{"prior and last state", func(exact bool) sde.Problem { return pick(plain, exact).Problem() }, sampler.Euler{},
			sampler.Settings{Prior: sde.Prior{Mean: []float64{1, 2}, Variance: []float64{2, 3}}, Final: sampler.FinalState, Grid: grid.Default(sde.EDM{}, 10)}},
		{"conditional", func(exact bool) sde.Problem { return pick(conditional, exact).Given(given).Problem() }, sampler.DPMpp2M{}, sampler.Settings{}},
		{"observed", func(exact bool) sde.Problem {
			return pick(levels, exact).Observe(score.Observed{Values: some}).Problem()
		}, sampler.Default(nil), sampler.Settings{}},
	} {
		p := c.of(false)
		src := &served{n: kindRows, d: len(p.Frame.Shift), rng: rand.New(rand.NewPCG(5, 5)), order: map[noise.Draw]*mat.Dense{}}
		want := mat.NewDense(kindRows, src.d, nil)
		c.settings.Noise, c.settings.Workers = src, 1
		require.NoError(t, sampler.Sample(context.Background(), want, c.of(true), c.pred, &c.settings))
		for form, export := range map[string]func(sde.Problem, sampler.Predictor, *sampler.Settings, *Settings) (*onnx.Graph, error){"loop": Sampler, "unrolled": Unrolled} {
			g, err := export(p, c.pred, &c.settings, nil)
			require.NoError(t, err, c.name)
			x := mat.NewDense(kindRows, src.d, nil)
			all = append(all, kind{
				name: "sampler " + c.name + ", " + form, graph: g, n: kindRows, inputs: [][]float32{src.input()}, want: map[string]*mat.Dense{"sample": want},
				here: func() { _ = sampler.Sample(context.Background(), x, p, c.pred, &c.settings) },
			})
		}
	}
	return all
}

func pick(m *score.Model, exact bool) *score.Model {
	if exact {
		return m.Float64()
	}
	return m
}

func TestEveryKindIsRight(t *testing.T) {
	for _, k := range kinds(t) {
		got := evaluate(k.graph, k.n, k.inputs...)
		for name, want := range k.want {
			worst := requireRows(t, want, got[name], tolerance, k.name+": "+name, k.terms[name]...)
			t.Logf("%-40s %-10s %.1e of the row", k.name, name, worst)
		}
	}
}

func TestRuntimeAgreesOnEveryKind(t *testing.T) {
	engines := onnxtest.Engines(t)
	all := kinds(t)
	cases := make([]onnxtest.Case, len(all))
	for i, k := range all {
		var b bytes.Buffer
		require.NoError(t, onnx.Export(&b, k.graph))
		cases[i] = onnxtest.Case{Model: b.Bytes(), Inputs: map[string]onnxtest.Tensor{}, Repeat: 20}
		for j, e := range k.graph.Inputs {
			cases[i].Inputs[e.Name()] = onnxtest.Tensor{Dims: []int{k.n, e.Cols()}, Data: k.inputs[j]}
		}
	}
	// The number of rows is not fixed: the first alone.
	alone := onnxtest.Case{Model: cases[0].Model, Inputs: map[string]onnxtest.Tensor{}}
	for j, e := range all[0].graph.Inputs {
		alone.Inputs[e.Name()] = onnxtest.Tensor{Dims: []int{1, e.Cols()}, Data: all[0].inputs[j][:e.Cols()]}
	}
	cases = append(cases, alone)
	for _, engine := range engines {
		t.Run(engine.Name, func(t *testing.T) {
			results := engine.Run(t, cases)
			for name, first := range results[len(all)].Outputs {
				require.Equal(t, 1, first.Dims[0])
				require.InDeltaSlice(t, results[0].Outputs[name].Data[:len(first.Data)], first.Data, 1e-3*math.Abs(float64(first.Data[0])))
			}
			for i, r := range results[:len(all)] {
				k := all[i]
				require.Empty(t, r.Error, k.name)
				for name, want := range k.want {
					worst := requireRows(t, want, r.Outputs[name].Data, tolerance, k.name+": "+name, k.terms[name]...)
					here := 0.0
					if k.here != nil {
						here = seconds(k.here)
					}
					t.Logf("%-40s %-10s %.1e of the row, %d KiB, %.0f µs, here %.0f µs", k.name, name, worst, len(cases[i].Model)>>10, 1e6*r.Seconds, 1e6*here)
				}
			}
		})
	}
}

// seconds returns the mean time of f.
func seconds(f func()) float64 {
	f()
	start := time.Now()
	for range 20 {
		f()
	}
	return time.Since(start).Seconds() / 20
}

// Times at sizes that people run, one thread each, in rounds of which the fastest
// counts: what the road past Go costs or saves.
func TestRuntimeTimes(t *testing.T) {
	engines := onnxtest.Engines(t)
	for _, c := range []struct {
		name    string
		dim, n  int
		config  score.Config
		sampler bool
	}{
		{"score of two columns", 2, 1024, score.Config{}, false},
		{"score of 16 columns", 16, 1024, score.Config{}, false},
		{"score of 16×16 pixels, U-Net", 256, 64, score.Config{Net: nn.UNet{Size: []int{16, 16}, Channels: []int{16, 32}}}, false},
		{"sampler of two columns", 2, 1024, score.Config{}, true},
	} {
		m, err := score.New(c.dim, &c.config)
		require.NoError(t, err)
		p := m.Problem()
		rng := rand.New(rand.NewPCG(1, 1))
		x, s := mat.NewDense(c.n, c.dim, nil), mat.NewDense(c.n, c.dim, nil)
		x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
		rows := onnxtest.Tensor{Dims: []int{c.n, c.dim}, Data: narrow(x.RawMatrix().Data)}
		g, err := Score(p, nil)
		inputs := map[string]onnxtest.Tensor{"x": rows, "t": {Dims: []int{c.n, 1}, Data: narrow(ones(c.n))}}
		times := ones(c.n)
		here, repeat := func() { p.Score.Score(s, x, times) }, 5
		if c.sampler {
			pred := sampler.Default(p.SDE)
			g, err = Sampler(p, pred, nil, nil)
			inputs = map[string]onnxtest.Tensor{"noise": rows}
			here, repeat = func() { _ = sampler.Sample(context.Background(), s, p, pred, &sampler.Settings{Workers: 1}) }, 3
		}
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, onnx.Export(&b, g))
		const rounds = 2
		own, theirs := math.Inf(1), make([]float64, len(engines))
		for round := range rounds {
			own = min(own, seconds(here))
			for i, engine := range engines {
				r := engine.Run(t, []onnxtest.Case{{Model: b.Bytes(), Inputs: inputs, Repeat: repeat}})[0]
				require.Empty(t, r.Error)
				if theirs[i] = min(theirs[i], r.Seconds); round == 0 {
					theirs[i] = r.Seconds
				}
			}
		}
		for i, engine := range engines {
			t.Logf("%-30s %4d rows: here %8.2f ms, %s %8.2f ms, %.1f times as long", c.name, c.n, 1e3*own, engine.Name, 1e3*theirs[i], theirs[i]/own)
		}
	}
}
