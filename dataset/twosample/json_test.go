package twosample

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A value that is not finite made json.Marshal fail.
func TestResultsAreWrittenToJSONAndRead(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, v := range map[string]any{
		`{"Value":0.5,"SE":null}`: &Estimate{0.5, nan},
		`{"Accuracy":0.75,"Low":null,"High":0,"AUC":{"Value":0,"SE":0},"Detection":0}`:                                               &C2STResult{Accuracy: 0.75, Low: nan},
		`{"Statistic":null,"P":0.25,"Mean":null,"SD":0}`:                                                                             &Test{nan, 0.25, nan, 0},
		`{"Covered":null,"Data":[0.5,0.5],"Generated":[null,1],"Outside":{"Value":null,"SE":0}}`:                                     &Modes{nan, []float64{.5, .5}, []float64{nan, 1}, Estimate{nan, 0}},
		`{"Distance":{"Value":null,"SE":null},"Density":{"Value":0,"SE":0}}`:                                                         &Membership{Distance: Estimate{nan, nan}},
		`{"Precision":{"Value":1,"SE":null},"Recall":{"Value":0,"SE":0},"Density":{"Value":0,"SE":0},"Coverage":{"Value":0,"SE":0}}`: &PRDC{Precision: Estimate{1, nan}},
	} {
		text, err := json.Marshal(v)
		require.NoError(t, err, want)
		require.JSONEq(t, want, string(text))
		back := map[string]any{"*twosample.Estimate": &Estimate{}, "*twosample.C2STResult": &C2STResult{}, "*twosample.Test": &Test{}, "*twosample.Modes": &Modes{}, "*twosample.Membership": &Membership{}, "*twosample.PRDC": &PRDC{}}[fmt.Sprintf("%T", v)]
		require.NoError(t, json.Unmarshal(text, back))
		require.Equal(t, fmt.Sprintf("%+v", v), fmt.Sprintf("%+v", back))
	}
	text, err := json.Marshal(Test{Statistic: inf})
	require.NoError(t, err)
	require.JSONEq(t, `{"Statistic":null,"P":0,"Mean":0,"SD":0}`, string(text))
	bad := mat.NewDense(3, 1, []float64{0, nan, 1})
	text, err = json.Marshal(ModeCoverage(bad, []int{0, 0, 1}, bad, 1))
	require.NoError(t, err)
	require.Contains(t, string(text), `"Generated":[null,null]`)
	require.Error(t, json.Unmarshal([]byte(`{"Data":3}`), &Modes{}))
	require.Error(t, json.Unmarshal([]byte(`[]`), &Test{}))
}
