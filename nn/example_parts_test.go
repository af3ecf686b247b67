package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"gonum.org/v1/gonum/floats"
)

// Activations are layers without parameters, here at −1 and at 1.
func ExampleReLU() {
	x := ad.Input("x", 2)
	var params nn.Params
	b := nn.NewBuild(&params)
	for _, m := range []nn.Module{
		nn.ReLU{}, nn.LeakyReLU{A: 0.1}, nn.ELU{}, nn.GELU{}, nn.GELUTanh{}, nn.SiLU{}, nn.Sigmoid{}, nn.Tanh{}, nn.Softplus{},
	} {
		v := ad.Eval([]*ad.Expr{b.Apply(m, x)}, 1, nil, nil, map[*ad.Expr][]float64{x: {-1, 1}})
		fmt.Printf("%-13T%7.3f\n", m, v[0])
	}
	fmt.Println(params.Len(), "parameters")
	// Output:
	// nn.ReLU      [  0.000   1.000]
	// nn.LeakyReLU [ -0.100   1.000]
	// nn.ELU       [ -0.632   1.000]
	// nn.GELU      [ -0.159   0.841]
	// nn.GELUTanh  [ -0.159   0.841]
	// nn.SiLU      [ -0.269   0.731]
	// nn.Sigmoid   [  0.269   0.731]
	// nn.Tanh      [ -0.762   0.762]
	// nn.Softplus  [  0.313   1.313]
	// 0 parameters
}

// Weights begin so wide that a layer of a hundred inputs neither drowns the signal nor
// blows it up: LeCun by 1/√inputs, He by √2 more for what ReLU halves, Xavier by both
// sides of the matrix. Their root mean squares:
func ExampleInit() {
	for _, init := range []nn.Init{nn.LeCun{}, nn.He{}, nn.Xavier{}, nn.Normal{Std: 0.5}, nn.Ones{}, nn.Zeros{}} {
		w := make([]float64, 100*300)
		init.Fill(w, 100, 300, rand.New(rand.NewPCG(1, 1)))
		fmt.Printf("%-10T %.2f\n", init, floats.Norm(w, 2)/math.Sqrt(float64(len(w))))
	}
	// Output:
	// nn.LeCun   0.10
	// nn.He      0.14
	// nn.Xavier  0.07
	// nn.Normal  0.50
	// nn.Ones    1.00
	// nn.Zeros   0.00
}

// Networks over the positions of a picture of 4 by 4, of a signal of 16 points or of a
// sentence, and over the columns of a table: what goes in comes out.
func ExampleTransformer() {
	for _, m := range []nn.Module{
		nn.Transformer{Size: []int{4, 4}, Patch: 2, Width: 8, Blocks: 2, Heads: 2},
		nn.Transformer{Size: []int{16}, Patch: 4, Width: 8, Blocks: 2, Causal: true},
		nn.Mixer{Size: []int{4, 4}, Patch: 2, Width: 8, Blocks: 2},
		nn.TabularTransformer{Width: 8, Blocks: 2},
	} {
		params, err := nn.Check(m, 16, 0, 16) // 16 columns in, no conditions, 16 out
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%T: %d parameters\n", m, params.Len())
	}
	// Output:
	// nn.Transformer: 2652 parameters
	// nn.Transformer: 2652 parameters
	// nn.Mixer: 2124 parameters
	// nn.TabularTransformer: 3008 parameters
}

// A causal layer shows no position what comes after it: here the last of four is
// changed, and only the last output with it.
func ExampleTransformerBlock() {
	x := ad.Input("x", 4*2) // four positions of two channels
	var params nn.Params
	y := nn.TransformerBlock{Size: []int{4}, Causal: true, Relative: true}.Apply(nn.NewBuild(&params), x)
	theta := make([]float64, params.Len())
	params.Init(theta, rand.NewPCG(1, 1))
	leaves := map[*ad.Expr][]float64{x: {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 0, 0}}
	v := ad.Eval([]*ad.Expr{y}, 2, theta, nil, leaves)[0]
	for i := range 4 {
		fmt.Println(i, v[2*i] == v[8+2*i])
	}
	// Output:
	// 0 true
	// 1 true
	// 2 true
	// 3 false
}

// Attention takes its positions for a set, so that rows change places with those of x.
// Positions adds what tells them apart.
func ExampleAttention() {
	size := []int{2}
	for _, m := range []nn.Module{
		nn.Attention{Size: size},
		nn.Sequential{nn.Positions{}, nn.Attention{Size: size}},
	} {
		x := ad.Input("x", 2*3)
		var params nn.Params
		y := m.Apply(nn.NewBuild(&params), x)
		theta := make([]float64, params.Len())
		params.Init(theta, rand.NewPCG(1, 1))
		leaves := map[*ad.Expr][]float64{x: {1, 2, 3, 6, 5, 4, 6, 5, 4, 1, 2, 3}}
		v := ad.Eval([]*ad.Expr{y}, 2, theta, nil, leaves)[0]
		fmt.Println(math.Abs(v[0]-v[6+3]) < 1e-12)
	}
	// Output:
	// true
	// false
}

// A network of sets: a layer at each point, their mean, and a layer of that. The order
// of the points does not count.
func ExampleMean() {
	set := nn.Sequential{
		nn.Pointwise{Size: []int{3}, Body: nn.Sequential{nn.Linear{Out: 4}, nn.ReLU{}}},
		nn.Mean{Size: []int{3}},
		nn.Linear{Out: 1},
	}
	x := ad.Input("x", 3*2) // three points of the plane
	var params nn.Params
	y := set.Apply(nn.NewBuild(&params), x)
	theta := make([]float64, params.Len())
	params.Init(theta, rand.NewPCG(1, 1))
	v := ad.Eval([]*ad.Expr{y}, 2, theta, nil, map[*ad.Expr][]float64{x: {1, 2, 3, 5, 8, 13, 8, 13, 1, 2, 3, 5}})[0]
	fmt.Println(math.Abs(v[0]-v[1]) < 1e-12)
	// Output:
	// true
}

// Two channels at two positions: each group of channels is brought to mean 0 and
// variance 1 over all positions of the sample.
func ExampleGroupNorm() {
	x := ad.Input("x", 2*2)
	for _, groups := range []int{1, 2} {
		var params nn.Params
		y := nn.GroupNorm{Size: []int{2}, Groups: groups}.Apply(nn.NewBuild(&params), x)
		theta := make([]float64, params.Len())
		params.Init(theta, rand.NewPCG(1, 1))
		fmt.Printf("%.2f\n", ad.Eval([]*ad.Expr{y}, 1, theta, nil, map[*ad.Expr][]float64{x: {0, 10, 2, 30}})[0])
	}
	// Output:
	// [-0.89 -0.04 -0.72 1.64]
	// [-1.00 -1.00 1.00 1.00]
}

// Angles of which a network is told the time: a wave for each of so many frequencies,
// from the lowest, in geometric steps, to the highest.
func ExampleTimeFourier() {
	t := ad.Input("t", 1)
	var params nn.Params
	y := nn.TimeFourier{N: 2, Low: 1, High: 2}.Apply(nn.NewBuild(&params), t)
	fmt.Printf("%.3f\n", ad.Eval([]*ad.Expr{y}, 1, nil, nil, map[*ad.Expr][]float64{t: {0.5}})[0])
	// Output:
	// [0.479 0.841 0.878 0.540]
}

// The networks that models have when none is said, here of two columns: of scores, of
// energies, and of a model with a time in every column.
func ExampleRecipeMLP() {
	for _, c := range []struct {
		name string
		net  nn.Module
	}{
		{"scores", nn.RecipeMLP(2, 64)},
		{"energies", nn.RecipeEnergy(2, 64)},
		{"columns", nn.RecipeColumns(2, 64)},
	} {
		x := ad.Input("x", 2)
		var params nn.Params
		b := nn.NewBuild(&params)
		b.Time = ad.Input("time", 1)
		y := c.net.Apply(b, x)
		fmt.Println(c.name, y.Cols(), params.Len())
	}
	// Output:
	// scores 2 15810
	// energies 2 15745
	// columns 2 46594
}

// Validate names the field that cannot be, down to that of a part.
func ExampleValidate() {
	fmt.Println(nn.Validate(nn.Sequential{nn.Linear{Out: 3}, nn.Residual{Body: nn.Dropout{P: 1}}}))
	// Output:
	// nn: Sequential[1]: Residual.Body: Dropout.P: is 1, want a number on [0, 1): out of range
}

// Parts of a flat vector by name: of the weights, of a gradient, or of an optimiser's
// state. What each is for is its role.
func ExampleView() {
	var params nn.Params
	nn.Sequential{nn.Linear{Out: 2}, nn.LayerNorm{}}.Apply(nn.NewBuild(&params), ad.Input("x", 1))
	theta := make([]float64, params.Len())
	params.Init(theta, rand.NewPCG(1, 1))
	for _, e := range params.Entries() {
		part, rows, cols := nn.View(&params, theta, e.Name)
		switch e.Role {
		case nn.Weight:
			part[0], part[1] = 3, 4
		case nn.Gain:
			part[0] = 5
		}
		fmt.Println(e.Name, e.Role, rows, cols, part)
	}
	fmt.Println(theta)
	// Output:
	// 0.weight Weight 1 2 [3 4]
	// 0.bias Bias 1 2 [0 0]
	// 1.gain Gain 1 2 [5 1]
	// 1.bias Other 1 2 [0 0]
	// [3 4 0 0 5 1 0 0]
}
