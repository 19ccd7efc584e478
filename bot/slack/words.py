"""The bot's own few sentences, in both languages. What is known about failures is in `knowledge/`.

Texts are mrkdwn; `{...}` is filled with text that was made inert.
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "looking": {"en": ":mag: Looking at {what} …", "ja": ":mag: {what} を調べています…"},
    "step-collect": {"en": ":mag: {what}: reading the cluster …", "ja": ":mag: {what}: クラスタを読み取り中…"},
    "step-infer": {"en": ":mag: {what}: thinking it through …", "ja": ":mag: {what}: 推論中…"},
    "step-want": {"en": ":mag: {what}: fetching {wanted} …", "ja": ":mag: {what}: {wanted} を取得中…"},
    "cluster": {"en": "the cluster `{cluster}`", "ja": "クラスタ `{cluster}`"},
    "your-text": {"en": "your text", "ja": "貼り付けられたテキスト"},
    "why": {"en": "Why", "ja": "理由"},
    "evidence": {"en": "Evidence", "ja": "証拠"},
    "again": {"en": "Check again", "ja": "再確認"},
    "helpful": {"en": "Helpful", "ja": "役に立った"},
    "not-helpful": {"en": "Not helpful", "ja": "役に立たない"},
    "thanks": {
        "en": "Thank you, noted: {verdict}. `kdiag kb feedback` shows it to whoever keeps the knowledge.",
        "ja": "ありがとうございます。記録しました: {verdict}。`kdiag kb feedback` で確認できます。",
    },
    "choose": {
        "en": "`{name}` could be several. Which one?",
        "ja": "`{name}` に該当するものが複数あります。どれですか?",
    },
    "choose-short": {"en": "Choose one", "ja": "選択してください"},
    "choose-more": {"en": "{n} more: give a longer name", "ja": "ほか {n} 件: もっと長い名前を指定してください"},
    "changed": {"en": "Checked again", "ja": "再確認しました"},
    "unchanged": {"en": "nothing has changed", "ja": "変化はありません"},
    "new": {"en": "new", "ja": "新規"},
    "still": {"en": "still there", "ja": "継続"},
    "healed": {"en": "healed", "ja": "解消"},
    "unseen": {"en": "no longer seen, but less could be checked", "ja": "今回は確認できず"},
    "repeat": {
        "en": ":repeat: The same as in <{link}|this thread>: {what}",
        "ja": ":repeat: <{link}|こちらのスレッド>と同じです: {what}",
    },
    "fits": {
        "en": "I have read that. It does not change the answer above.",
        "ja": "読みました。上の回答は変わりません。",
    },
    "gone-answer": {
        "en": ":white_check_mark: After the edit there is nothing wrong in it, as far as can be seen.",
        "ja": ":white_check_mark: 編集後のテキストには、確認できる範囲で問題はありません。",
    },
    "no-why": {
        "en": "That answer had no finding, so there is nothing to explain.",
        "ja": "その回答には所見がないため、説明するものがありません。",
    },
    "no-answer-yet": {
        "en": "There is no answer here yet that could be explained. Ask something first, such as `/kdiag summary`.",
        "ja": "まだ説明できる回答がありません。まず `/kdiag summary` などで質問してください。",
    },
    "forgotten": {
        "en": "I no longer remember that answer. Please ask again.",
        "ja": "その回答はもう保存されていません。もう一度質問してください。",
    },
    "too-big-why": {
        "en": "The facts behind that answer were too many to keep. Press *Check again*, or ask about one object.",
        "ja": "その回答の根拠は量が多く保存されていません。*再確認* を押すか、対象を絞って質問してください。",
    },
    "evidence-file": {"en": "The evidence, in full", "ja": "証拠の全文"},
    "not-allowed": {
        "en": ":no_entry: You may not ask about {what} here. Who may is decided under `chat.allow` in kdiag.yaml.",
        "ja": ":no_entry: ここでは {what} について質問できません。許可は kdiag.yaml の `chat.allow` で決まります。",
    },
    "failed": {
        "en": ":warning: That failed, and it is my fault, not yours. It is in my log under `{id}`; please ask again.",
        "ja": ":warning: 内部エラーで失敗しました。ログの番号は `{id}` です。もう一度質問してください。",
    },
    "cannot": {"en": ":warning: {why}", "ja": ":warning: {why}"},
    "lost": {
        "en": ":warning: I was stopped twice in the middle of this question and gave it up. Please ask again.",
        "ja": ":warning: この質問の途中で二度停止したため、中断しました。もう一度質問してください。",
    },
    "restarted": {
        "en": ":hourglass: I was restarted in the middle of this, and am taking it up again …",
        "ja": ":hourglass: 途中で再起動したため、やり直しています…",
    },
    "stopping": {
        "en": ":hourglass: I am being restarted. This question is kept and answered afterwards.",
        "ja": ":hourglass: 再起動中です。この質問は保存され、再起動後に回答します。",
    },
    "file-too-big": {
        "en": "`{name}` is larger than {limit} MB: paste the part that matters",
        "ja": "`{name}` は {limit} MB を超えています。必要な部分だけ貼り付けてください",
    },
    "file-unread": {"en": "`{name}` could not be read: {why}", "ja": "`{name}` を読めませんでした: {why}"},
    "not-text": {"en": "only text, YAML, JSON and logs are read", "ja": "テキスト、YAML、JSON、ログのみ読めます"},
    "need": {
        "en": "I do not know what this is. Paste the error as it was printed, or what `kubectl describe pod NAME` "
        "says, or ask `/kdiag pod NAME`.",
        "ja": "何か分かりません。表示されたエラーをそのまま、または `kubectl describe pod NAME` の出力を貼り付けるか、"
        "`/kdiag pod NAME` で質問してください。",
    },
    "scheduled": {
        "en": ":calendar: `{id}`: summary of `{cluster}` in <#{channel}>, {spoken} ({zone}). The next: {next}",
        "ja": ":calendar: `{id}`: `{cluster}` の概要を <#{channel}> に投稿します。{spoken} ({zone})。次回: {next}",
    },
    "no-schedules": {
        "en": "There are no schedules. `/kdiag schedule 09:00 weekdays #ops prod` makes one.",
        "ja": "スケジュールはありません。`/kdiag schedule 09:00 weekdays #ops prod` で作成できます。",
    },
    "schedule-gone": {"en": "Schedule `{id}` is deleted.", "ja": "スケジュール `{id}` を削除しました。"},
    "schedule-paused": {"en": "Schedule `{id}` is paused.", "ja": "スケジュール `{id}` を一時停止しました。"},
    "schedule-resumed": {
        "en": "Schedule `{id}` runs again; the next: {next}",
        "ja": "スケジュール `{id}` を再開しました。次回: {next}",
    },
    "paused": {"en": "paused", "ja": "一時停止中"},
    "muted": {
        "en": ":mute: `{entry}` {subject} is left out of summaries until {until} (<@{owner}>; `/kdiag unmute {id}`).",
        "ja": ":mute: `{entry}` {subject} は {until} まで概要から除外されます(<@{owner}>、`/kdiag unmute {id}`)。",
    },
    "no-mutes": {"en": "Nothing is muted.", "ja": "ミュートはありません。"},
    "unmuted": {
        "en": ":loud_sound: `{id}` is no longer muted.",
        "ja": ":loud_sound: `{id}` のミュートを解除しました。",
    },
    "summary-well": {
        "en": ":white_check_mark: `{cluster}`: all is well.",
        "ja": ":white_check_mark: `{cluster}`: 問題ありません。",
    },
    "summary-head": {"en": "{emoji} `{cluster}`: {counts}", "ja": "{emoji} `{cluster}`: {counts}"},
    "summary-failed": {
        "en": ":warning: The summary of `{cluster}` could not be made: {why}",
        "ja": ":warning: `{cluster}` の概要を作成できませんでした: {why}",
    },
    "summary-late": {
        "en": "_I was not running at {due}; this one stands for what was missed._",
        "ja": "_{due} には停止していました。この投稿で未投稿分を兼ねます。_",
    },
    "summary-muted": {"en": "{n} muted", "ja": "ミュート中 {n} 件"},
    "healed-since": {
        "en": ":large_green_circle: Healed since: {titles}",
        "ja": ":large_green_circle: その後解消: {titles}",
    },
    "chart": {
        "en": "Problems of {cluster} in the last {days} days, by severity: {counts}",
        "ja": "{cluster} の過去 {days} 日間の問題数(重大度別): {counts}",
    },
    "home-clusters": {"en": "Clusters", "ja": "クラスタ"},
    "home-no-clusters": {
        "en": "No cluster is configured: name one in kdiag.yaml. Pasted texts work all the same.",
        "ja": "クラスタが設定されていません。kdiag.yaml に追加してください。テキストの貼り付けは利用できます。",
    },
    "home-unknown": {"en": "not looked at yet", "ja": "未確認"},
    "home-schedules": {"en": "Schedules", "ja": "スケジュール"},
    "home-mutes": {"en": "Mutes", "ja": "ミュート"},
    "home-last": {"en": "Your last questions", "ja": "最近の質問"},
    "home-none": {"en": "none", "ja": "なし"},
    "nothing-wrong": {"en": "nothing wrong", "ja": "問題なし"},
    "check-now": {"en": "Check now", "ja": "今すぐ確認"},
    "unknown-command": {
        "en": "I do not know `{word}`{hint}. `/kdiag help` lists what I do.",
        "ja": "`{word}` は分かりません{hint}。`/kdiag help` で一覧を表示します。",
    },
    "did-you-mean": {"en": "; did you mean `{words}`?", "ja": "。`{words}` のことですか?"},
    "name-missing": {"en": "Which {word}? `/kdiag {word} NAME`", "ja": "{word} の名前は? `/kdiag {word} 名前`"},
    "bad-option": {
        "en": "I do not know the option `{option}`{hint}. There are: {options}",
        "ja": "オプション `{option}` は分かりません{hint}。使えるもの: {options}",
    },
    "hello": {
        "en": "Paste an error, or ask `/kdiag pod NAME`. `/kdiag help` lists what I do.",
        "ja": "エラーを貼り付けるか、`/kdiag pod 名前` で質問してください。`/kdiag help` で一覧を表示します。",
    },
}

HELP: Final[dict[str, str]] = {
    "en": """*Ask*
`/kdiag pod NAME` also `service deployment node job pvc ingress …`, with `-n NAMESPACE` or `NAMESPACE/NAME`
`/kdiag summary` the whole cluster · `/kdiag host NAME` · `/kdiag etcd PATH`
`/kdiag explain TEXT` · `/kdiag check MANIFEST`
or just paste an error in a channel I am in; reply in its thread with more
`/kdiag why [ID]` the chain behind the last answer
*Options* `--cluster NAME` ({clusters}) · `--private` only you see the answer · `--public` · `--hygiene`
*Regularly*
`/kdiag schedule 09:00 weekdays #ops prod` also `*/30 * * * *`, `every 6h`, `Asia/Tokyo`
`/kdiag schedule list` · `pause ID` · `resume ID` · `delete ID`
`/kdiag mute FINDING [SUBJECT] for 3d` · `/kdiag mutes` · `/kdiag unmute ID`
`/kdiag version` · `/kdiag help`
_I read only. Commands that change anything are text for you to run._""",
    "ja": """*質問*
`/kdiag pod 名前` ほかに `service deployment node job pvc ingress …`、`-n NAMESPACE` または `NAMESPACE/名前`
`/kdiag summary` クラスタ全体 · `/kdiag host 名前` · `/kdiag etcd パス`
`/kdiag explain テキスト` · `/kdiag check マニフェスト`
参加中のチャンネルにエラーを貼り付けるだけでも回答します。続きはスレッドへ
`/kdiag why [ID]` 直前の回答の根拠
*オプション* `--cluster 名前` ({clusters}) · `--private` 自分だけに表示 · `--public` · `--hygiene`
*定期*
`/kdiag schedule 09:00 weekdays #ops prod` `*/30 * * * *`、`every 6h`、`Asia/Tokyo` も可
`/kdiag schedule list` · `pause ID` · `resume ID` · `delete ID`
`/kdiag mute 所見 [対象] for 3d` · `/kdiag mutes` · `/kdiag unmute ID`
`/kdiag version` · `/kdiag help`
_kdiag は参照のみ行います。変更するコマンドは、実行する人のための文字列です。_""",
}


def say(word: str, lang: str, /, **values: object) -> str:
    """A sentence in the language, else in English, filled in."""
    texts = WORDS[word]
    return (texts.get(lang) or texts["en"]).format(**values)
