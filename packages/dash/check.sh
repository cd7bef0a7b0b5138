# Tries what scripts rely on. The argument is the shell itself.
shell=$1
failures=0

# Say what differs: expect NAME EXPECTED ACTUAL
expect() {
  [ "$2" = "$3" ] && return
  failures=$((failures + 1))
  printf '%s: expected <%s>, got <%s>\n' "$1" "$2" "$3"
}

# Parameters.
unset none
path=/a/b.c/d.tar.gz
expect default "fallback" "${none:-fallback}"
expect suffix "/a/b.c/d.tar" "${path%.*}"
expect longest-suffix "/a/b" "${path%%.*}"
expect prefix "d.tar.gz" "${path##*/}"
expect length 15 "${#path}"
set -- one "two words" three
expect count 3 $#
expect all "one two words three" "$*"
expect fields "3" "$(count() { echo $#; }; count "$@")"

# Splitting and patterns.
expect splitting "a|b||c" "$(IFS=,; set -- a,b,,c; IFS='|'; set -- $1; echo "$*" | tr , '|')"
case "hello.c" in *.[ch]) found=yes ;; *) found=no ;; esac
expect case yes $found
: > one.txt; : > two.txt
expect glob "one.txt two.txt" "$(echo *.txt)"

# Arithmetic.
n=5
expect arithmetic 17 $((n * 3 + 2))
expect bits 40 $((n << 3))
expect conditional 1 $((n > 4 && n != 6 ? 1 : 0))
expect assignment 6 "$((n += 1))"

# Commands: pipes, redirections, here-documents, functions, traps, statuses.
expect pipe 3 "$(printf 'a\nb\nc\n' | while read -r line; do echo "$line"; done | wc -l | tr -d ' ')"
expect here-document "n is 6" "$(cat <<END
n is $n
END
)"
expect quoted-here-document 'n is $n' "$(cat <<'END'
n is $n
END
)"
expect redirection "out err" "$( { echo out; echo err >&2; } 2>&1 | tr '\n' ' ' | sed 's/ $//')"
factorial() { local n=$1; [ "$n" -le 1 ] && echo 1 || echo $((n * $(factorial $((n - 1))))); }
expect recursion 720 "$(factorial 6)"
expect local 6 $n
expect exit-trap "body trap" "$("$shell" -c 'trap "echo trap" EXIT; printf "body "')"
expect signal 143 "$("$shell" -c 'kill -TERM $$' 2> /dev/null; echo $?)"
expect status 3 "$("$shell" -c '(exit 3)'; echo $?)"
expect errexit "before" "$("$shell" -e -c 'echo before; false; echo after')"
expect eval "x y" "$(eval 'for each in x y; do printf "%s " $each; done' | sed 's/ $//')"
expect background "done" "$("$shell" -c 'sleep 0 & wait $! && echo done')"
"$shell" -n -c 'if true; then' 2> /dev/null
expect syntax-error 2 $?

[ $failures -eq 0 ] && echo "all is well"
