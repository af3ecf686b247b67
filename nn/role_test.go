package nn_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// roles lists the parameters of a module for d columns, with a Bias its Weight.
func roles(m nn.Module, d int) []string {
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Time, b.Cond = ad.Input("t", 1), ad.Input("c", 1)
	b.Apply(m, ad.Input("x", d))
	var all []string
	for _, e := range params.Entries() {
		text := fmt.Sprintf("%s: %v", e.Name, e.Role)
		if e.Role == nn.Bias {
			text += " of " + params.Entries()[e.Of].Name
		}
		all = append(all, text)
	}
	return all
}

func TestLayersSayWhatTheirParametersAre(t *testing.T) {
	for _, c := range []struct {
		m    nn.Module
		d    int
		want []string
	}{
		{nn.Linear{Out: 2}, 3, []string{"weight: Weight", "bias: Bias of weight"}},
		{nn.Linear{Out: 2, Bias: nn.None{}}, 3, []string{"weight: Weight"}},
		{nn.Conv{Size: []int{4}, Out: 2}, 4, []string{"weight: Weight", "bias: Bias of weight"}},
		{nn.LayerNorm{}, 3, []string{"gain: Gain", "bias: Other"}},
		{nn.Embedding{Classes: 3, Out: 2}, 1, []string{"table: Table"}},
		{nn.Positions{}, 3, []string{"positions: Other"}},
		{nn.GroupNorm{Size: []int{2}, Conditioned: true}, 4, []string{"gain: Gain", "bias: Other", "scale: Weight", "shift: Weight"}},
		{nn.MLP{Hidden: []int{4}}, 2, []string{
			"hidden0.weight: Weight", "hidden0.bias: Bias of hidden0.weight", "hidden0.scale: Weight", "hidden0.shift: Weight",
			"output.weight: Weight", "output.bias: Bias of output.weight",
		}},
		{nn.MLP{Hidden: []int{4}, Conditioning: nn.Additive}, 2, []string{
			"hidden0.weight: Weight", "hidden0.bias: Bias of hidden0.weight", "hidden0.condition: Weight",
			"output.weight: Weight", "output.bias: Bias of output.weight",
		}},
		{nn.Attention{Size: []int{2}, Relative: true}, 4, []string{
			"query.weight: Weight", "query.bias: Bias of query.weight", "key.weight: Weight", "key.bias: Bias of key.weight",
			"relative: Other", "value.weight: Weight", "value.bias: Bias of value.weight",
			"output.weight: Weight", "output.bias: Bias of output.weight",
		}},
	} {
		require.Equal(t, c.want, roles(c.m, c.d), "%#v", c.m)
	}
}

func TestABiasBelongsToOneWeight(t *testing.T) {
	var params nn.Params
	b := nn.NewBuild(&params).Scope("layer")
	w, plain := b.Weight("w", 2, 3, nn.He{}), b.Param("plain", 2, 3, nn.He{})
	bias := b.Bias("b", w, nn.Zeros{})
	require.Equal(t, 3, bias.Cols())
	require.Same(t, bias, b.Share().Bias("b", w, nn.Zeros{}))
	require.PanicsWithValue(t, "nn: parameter layer.c is a second Bias of layer.w, which has layer.b", func() { b.Bias("c", w, nn.Zeros{}) })
	for _, what := range []*ad.Expr{plain, bias, ad.Input("x", 3), nil} {
		require.PanicsWithValue(t, "nn: parameter layer.d is a Bias of what is no Weight of the network", func() { b.Bias("d", what, nn.Zeros{}) })
	}
	require.Equal(t, "Role(7)", nn.Role(7).String())
	require.Equal(t, "Weight", nn.Weight.String())
}
