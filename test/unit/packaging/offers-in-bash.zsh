# What bash itself offers at the end of lines: zsh -f offers-in-bash.zsh FOLDER LINE...
# FOLDER has bash/dmfd. For each LINE it prints the offers, one a line, and then what becomes of the line, after a tab. bash takes words
# apart at none of $TOGETHER.
zmodload zsh/zpty
offers=$(mktemp)
zpty shell bash --noprofile --norc -i
setup="PS1= PS2=; bind 'set bell-style none'; COMP_WORDBREAKS=\${COMP_WORDBREAKS//[$TOGETHER ]/ }; source '$1/bash/dmfd'
offered() { _dmfd \"\$@\"; (( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' \"\${COMPREPLY[@]}\" >>$offers; }
complete -F offered dmfd
offer() { printf '\\t%s\\n' \"\$READLINE_LINE\" >>$offers; READLINE_LINE= READLINE_POINT=0; }
bind -x '\"\\C-t\": offer'; cd /"
zpty -w shell "${(F)${(f)setup}}"
for ((at = 2; at <= $#; at++)); do
  zpty -w -n shell "${argv[at]}"$'\t\C-t'
  until (($(grep -c $'^\t' $offers) == at - 1)); do zpty -r -t shell piece || sleep 0.02; done
done
zpty -d shell
cat $offers
rm $offers
