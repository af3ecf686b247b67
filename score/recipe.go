package score

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// Recipe is what Fit takes for the rows that it is given where Config and Settings
// leave it the choice, and what Result says that it took.
type Recipe struct {
	Net        nn.Module // of Config
	Steps      int       // of Settings
	Batch      int       // likewise
	Regularize float64   // likewise, or None
	Times      Times     // likewise
	SOAP       bool      // the Optimizer is optim.SOAP, at the rate of optim.RecipeRateSOAP, otherwise Adam
	Pool       int       // rows of Settings.Pool; 0 for References
	HeldOut    int       // rows; 0 when none are
}

// Recommend returns the recipe for n rows of d columns, n = 0 for data without an end,
// and a model of c, which may be nil. It was found by experiment (see "Few rows" in the
// package's documentation):
//
//	rows        d      network                  optimiser  times  steps             Regularize
//	no end      all    3×116, norm, features    SOAP       −2.4   20,000            none
//	≥ 20,000    ≤ 3    3×116, norm, features    SOAP       −2.4   20,000            none
//	            > 3    3×256                    Adam       −1.6   20,000            none
//	≥ 10,000    > 3    3×256                    Adam       −1.6   20,000            6/√n
//	< 20,000    ≤ 3    3×116, norm              SOAP       −1.6   2n, from 2,000    none
//	< 10,000    > 3    3×116                    Adam       −1.6   2n, from 2,000    6/√n, up to 0.5
//
// The networks with a norm are those of nn.RecipeMLP, whose features are for d ≤ 3 and have
// no gates for Velocity; the others are without norm and features, with frequencies of time
// up to 8. Times are LogNormal of that Mean and Std 1.4; under conditions the Mean is always
// −1.6. In up to 8 columns data without an end and sets of 20,000 rows or more have a Pool of
// 8·Batch rows. Batch is 512.
//
// With ColumnLevels the network is that of nn.RecipeColumns, for Adam, without a Pool, and
// there are three times as many steps, up to 20,000: any columns given any others are more
// to learn (examples/tables -impute -steps shows what fewer do). With FlowMap the network is
// one for Adam, too. Other fields of c change nothing.
//
// A network of one's own, or that NewFlowMap has of a teacher, is trained by SOAP when it is
// an nn.MLP with nn.RMSNorm, or an nn.Energy of one. With Settings.Teacher the steps are a
// quarter of these, three tenths for MeanFlow, but at least 1,000, there is no Pool, and no
// rows are held out.
//
// For a network of one's own that uses its weights in many places of a row, such as an
// nn.UNet (from 8 products on for each weight and row), Fit takes fewer: the largest
// batch of 512, 256, 128 and 64 rows for which the score takes at most 5e8 products, 64
// when none does, and as many steps as make 8e12 of them, but at least 2,000 where the
// table has more. That is 10 to 30 minutes of two cores for pictures of up to 28×28;
// Fit warns when it is hours. ad.Program.Work counts the products.
func Recommend(n, d int, c *Config) Recipe {
	if c == nil {
		c = &Config{}
	}
	width, few := 116, n > 0 && n < smallRows
	if d > 3 && n >= wideRows {
		width = 256
	}
	net := nn.RecipeMLP(d, width)
	_, flow := c.Precond.(Velocity)
	switch {
	case c.ColumnLevels:
		net = nn.RecipeColumns(d, width)
	case c.FlowMap || n > 0 && d > 3:
		net = networkForAdam(d, width)
	case flow && d <= 3: // which tells the network another time than gates want
		net.Features = networkForAdam(d, width).Features
	}
	r := Recipe{Steps: 20_000, Batch: 512, Regularize: None, HeldOut: heldOutOf(n)}
	if few {
		net.Features, r.Steps = nil, min(max(2*n, 2000), 20_000)
	}
	if few && d > 3 {
		r.Regularize = math.Round(100*min(6/math.Sqrt(float64(n)), 0.5)) / 100
	}
	if few && c.ColumnLevels {
		r.Steps = min(3*r.Steps, 20_000)
	}
	r.Net, r.SOAP = net, normed(net)
	r.Times = recipeTimes(r.SOAP, n, c.Cond.count() > 0)
	if !few && d <= pooledColumns && !c.ColumnLevels {
		r.Pool = 8 * r.Batch
	}
	return r
}

// recipeTimes returns the training times of n rows, 0 for no end. SOAP can make use of low
// levels, where few rows are learned by heart. Under conditions they cost too much where a
// condition has hardly any rows, which is where guidance looks.
func recipeTimes(soap bool, n int, given bool) Times {
	if soap && !given && (n == 0 || n >= smallRows) {
		return LogNormal{Mean: -2.4, Std: 1.4}
	}
	return LogNormal{}
}

// networkForAdam returns the network for Adam, which is that of nn.RecipeColumns but for
// how it is told the time.
func networkForAdam(d, width int) nn.MLP {
	net := nn.RecipeColumns(d, width)
	net.Time, net.Ends = nn.TimeFourier{N: 4, Low: 0.5, High: 8}, false
	return net
}

// normed reports whether a network is of the kind that is trained by SOAP.
func normed(net nn.Module) bool {
	if e, ok := net.(nn.Energy); ok {
		net = e.Net
	}
	mlp, ok := net.(nn.MLP)
	if !ok {
		return false
	}
	_, ok = mlp.Norm.(nn.RMSNorm)
	return ok
}

// pooledColumns is the number of columns up to which a Pool is worth its time.
const pooledColumns = 8

// smallRows is the number of rows below which the target is the plain one, and the
// network has no features: there are fewer rows to learn from than a long run could
// learn by heart.
const smallRows = 20_000

// leastTaught is the least number of steps that Fit takes by default with a teacher, whose
// targets have no noise.
const leastTaught = 1000

// mostTurned is the number of dimensions up to which the default SOAP turns a side: one of
// 1,000, as from so many classes, would take longer than all the rest of a step.
const mostTurned = 512

// mostPooled is the greatest number of rows of a default Pool.
const mostPooled = 1 << 16

// wideRows is the number of rows from which a wider network has something to learn.
const wideRows = 10_000

// heldOutOf returns how many of n rows are held out by default.
func heldOutOf(n int) int {
	if n < splitFrom || n >= splitBelow {
		return 0
	}
	return min(n/10, mostHeldOut)
}

// recipeFor returns the recipe for a model, data and settings, and what is to be said of
// it, "" for nothing.
func recipeFor(m *Model, data Data, s *Settings) (r Recipe, note string) {
	n := 0
	if r, ok := data.(rows); ok {
		n = r.len()
	}
	r = Recommend(n, m.dim, &Config{ColumnLevels: m.levels, FlowMap: m.maps, Precond: m.precond})
	if !m.free || m.calibrated {
		r.Net, r.SOAP = m.net, normed(m.net)
	}
	if s.Teacher != nil {
		r.Pool = 0
	}
	r.Times = recipeTimes(r.SOAP, n, m.cond != nil)
	if !m.free {
		r.Regularize = None
		return r.affordable(m, s)
	}
	return r, ""
}

// choose gives a model whose network is still open that of a recipe, and returns what
// takes that back.
func (m *Model) choose(net nn.Module) (undo func(), err error) {
	before := m.learner
	if m.free && !m.calibrated && !reflect.DeepEqual(net, m.net) {
		err = m.install(net)
	}
	return func() { m.learner = before }, err
}

func isMeanFlow(o Objective) bool {
	_, is := o.(MeanFlow)
	return is
}

// with returns the settings with those of a recipe where they are not set.
func (s Settings) with(r Recipe, data Data) Settings {
	if few, ok := data.(rows); ok && few.len() < smallRows {
		s.References = cmp.Or(s.References, None)
	}
	if v := &s.Validation; s.Teacher != nil && v.Data == nil {
		v.Rows = cmp.Or(v.Rows, None) // no rows are learned by heart
	}
	if s.Teacher != nil {
		least := min(r.Steps, leastTaught)
		if r.Steps /= 4; isMeanFlow(s.Objective) { // whose steps cost less
			r.Steps += r.Steps / 5
		}
		r.Steps = max(r.Steps, least)
	}
	s.Steps, s.Batch = cmp.Or(s.Steps, r.Steps), cmp.Or(s.Batch, r.Batch)
	s.Regularize, s.Times = cmp.Or(s.Regularize, r.Regularize), cmp.Or(s.Times, r.Times)
	if rows := 8 * s.Batch; s.References == 0 && s.Pool == (Pool{}) && r.Pool > 0 && rows > 0 && rows <= mostPooled {
		s.Pool.Rows = rows
	}
	if _, decay := s.regularization(); r.SOAP && s.Optimizer == nil {
		s.Optimizer = &optim.SOAP[float32]{WeightDecay: decay, Largest: mostTurned}
	}
	return s
}

// recipe returns what the run is made with.
func (t *trainer) recipe() Recipe {
	r := Recipe{Net: t.m.net, Steps: t.s.Steps, Batch: t.s.Batch, Regularize: t.s.Regularize, Times: t.s.Times, Pool: t.s.Pool.Rows}
	_, r.SOAP = t.s.Optimizer.(*optim.SOAP[float32])
	if t.held != nil {
		r.HeldOut = t.held.rows
	}
	return r
}

// regularization returns the probability of dropout and the weight decay.
func (s *Settings) regularization() (dropout, decay float64) {
	return max(s.Regularize, 0), max(s.Regularize, 0)
}

// String says in a few words what the recipe is.
func (r Recipe) String() string {
	text := fmt.Sprintf("%s, %d steps", netName(r.Net), r.Steps)
	if r.Batch != 512 {
		text += fmt.Sprintf(" of %d rows", r.Batch)
	}
	if r.SOAP {
		text += " by SOAP"
	}
	if r.Regularize > 0 {
		text += fmt.Sprintf(", regularised by %v", r.Regularize)
	}
	if r.HeldOut > 0 {
		text += fmt.Sprintf(", %d rows held out", r.HeldOut)
	}
	return text
}

// netName names a network by its layers' widths, when it is an MLP.
func netName(m nn.Module) string {
	net, ok := m.(nn.MLP)
	if !ok {
		return fmt.Sprintf("%T", m)
	}
	return "MLP " + strings.Trim(strings.ReplaceAll(fmt.Sprint(net.Hidden), " ", "×"), "[]")
}
