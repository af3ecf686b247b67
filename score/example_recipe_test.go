package score_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/score"
)

// What Fit takes for a table of ten columns, by its rows.
func ExampleRecommend() {
	for _, n := range []int{150, 1000, 12_000, 50_000} {
		fmt.Printf("%6d rows: %v\n", n, score.Recommend(n, 10, nil))
	}
	// Output:
	//    150 rows: MLP 116×116×116, 2000 steps, regularised by 0.49, 15 rows held out
	//   1000 rows: MLP 116×116×116, 2000 steps, regularised by 0.19, 100 rows held out
	//  12000 rows: MLP 256×256×256, 20000 steps, regularised by 0.05, 1200 rows held out
	//  50000 rows: MLP 256×256×256, 20000 steps, 4096 rows held out
}
